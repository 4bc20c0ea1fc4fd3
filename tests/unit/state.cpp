#include "tests/unit/state.hpp"

#include <filesystem>
#include <stdexcept>

namespace unit {

void State::open() {
  db_.reset();
  auto opened = qcloud::Db::open({state_path(), spool_path(), {}});
  if (!opened) throw std::runtime_error(opened.error().code + ": " + opened.error().detail);
  db_ = std::move(*opened);
}

void State::lose_spool() {
  close();
  for (auto tail : {"", "-wal", "-shm", "-journal"}) std::filesystem::remove(spool_path() + tail);
}

}  // namespace unit
