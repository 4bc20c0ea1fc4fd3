// Memory that does not lie in one piece, as the kernel's vectored calls take it (readv(2)).
#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace qcloud {

template <class Byte>
class Rows {
 public:
  static constexpr std::size_t most = 65;  // 256 KiB in pages that may begin and end in the middle

  Rows() {}
  Rows(std::span<Byte> one) { add(one); }  // implicit: one row is rows, too

  bool full() const { return count_ == most; }
  void add(std::span<Byte> row) {
    if (row.empty() || full()) return;
    std::construct_at(rows_ + count_++, row);
    bytes_ += row.size();
  }
  void clear() { count_ = bytes_ = 0; }
  std::size_t bytes() const { return bytes_; }  // of all of them
  bool empty() const { return bytes_ == 0; }
  std::span<Byte> front() const { return count_ ? rows_[0] : std::span<Byte>(); }
  const std::span<Byte>* begin() const { return rows_; }
  const std::span<Byte>* end() const { return rows_ + count_; }

 private:
  union {
    std::span<Byte> rows_[most];  // only the first `count_` are there: a kilobyte is not cleared for nothing
  };
  std::size_t count_ = 0, bytes_ = 0;
};

}  // namespace qcloud
