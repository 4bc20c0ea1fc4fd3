#include "agent/store/outbox.hpp"

#include <algorithm>

namespace qcloud {

Outbox::Outbox(Db& db) : db_(db) { refresh(); }

Status Outbox::file(const Order& order) {
  return db_.run("INSERT INTO orders(id,scope,request,thumbprint,submitted) VALUES(?,?,?,?,?)",
                 {order.id, order.scope, order.request, order.thumbprint, unix_seconds(order.submitted)});
}

Status Outbox::settle(const std::string& id, const std::string& receipt, WallTime when) {
  return db_.run("UPDATE orders SET receipt=?, settled=? WHERE id=? AND settled IS NULL",
                 {receipt, unix_seconds(when), id});
}

Status Outbox::keep(const Order& settled) {
  return db_.run(
      "INSERT OR IGNORE INTO orders(id,scope,request,thumbprint,submitted,receipt,settled) "
      "VALUES(?,?,?,?,?,?,?)",
      {settled.id, settled.scope, settled.request, settled.thumbprint, unix_seconds(settled.submitted),
       settled.receipt.value_or(""), unix_seconds(settled.settled.value_or(settled.submitted))});
}

void Outbox::postpone(const std::string& id, Delay delay) { delays_[id] = std::move(delay); }

const Delay* Outbox::delay(const std::string& id) const {
  auto at = delays_.find(id);
  return at == delays_.end() ? nullptr : &at->second;
}

void Outbox::hurry() {
  for (auto& [id, delay] : delays_) delay.next_try = {};
}

std::vector<Order> Outbox::select(const char* sql, std::initializer_list<Arg> args) {
  std::vector<Order> orders;
  auto status = db_.run(sql, args, [&](const Row& row) {
    Order order;
    order.id = row.text(0);
    order.scope = row.text(1);
    order.request = row.text(2);
    order.thumbprint = row.text(3);
    order.submitted = from_unix(row.number(4));
    if (!row.null(5)) order.receipt = row.text(5);
    if (!row.null(6)) order.settled = from_unix(row.number(6));
    orders.push_back(std::move(order));
  });
  readable_ = static_cast<bool>(status);
  return orders;
}

#define SELECT_ORDERS "SELECT id,scope,request,thumbprint,submitted,receipt,settled FROM orders "

std::vector<Order> Outbox::page(const std::string& after, int most) {
  return select(SELECT_ORDERS
                "WHERE ?1='' OR (submitted,id)>(SELECT submitted,id FROM orders WHERE id=?1) "
                "ORDER BY submitted, id LIMIT ?2",
                {after, most});
}
std::vector<Order> Outbox::pending() {
  return select(SELECT_ORDERS "WHERE settled IS NULL ORDER BY submitted, id", {});
}
std::optional<Order> Outbox::find(const std::string& id) {
  auto found = select(SELECT_ORDERS "WHERE id=?", {id});
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

#undef SELECT_ORDERS

bool Outbox::is_open(const std::string& id) const {
  return std::any_of(open.get().begin(), open.get().end(),
                     [&](const OpenOrder& order) { return order.id == id; });
}

void Outbox::refresh() {
  std::vector<OpenOrder> next;
  auto orders = pending();
  if (!readable_) return;  // what cannot be read is not settled
  next.reserve(orders.size());
  for (auto& order : orders) next.push_back({order.id, order.scope, order.thumbprint});
  open.set(std::move(next));
  std::erase_if(delays_, [&](const auto& entry) { return !is_open(entry.first); });
}

}  // namespace qcloud
