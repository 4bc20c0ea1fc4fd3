// A state on a real file system, that can be closed and opened again as after a kill.
#pragma once

#include "agent/store/db.hpp"
#include "tests/unit/temp_dir.hpp"

namespace unit {

class State {
 public:
  State() { open(); }
  qcloud::Db& db() { return *db_; }
  std::string state_path() const { return dir / "state.db"; }
  std::string spool_path() const { return dir / "spool.db"; }
  void close() { db_.reset(); }
  void open();
  // As after a power cut: what was in tmpfs is gone.
  void lose_spool();

  TempDir dir;

 private:
  std::unique_ptr<qcloud::Db> db_;
};

}  // namespace unit
