// A disk below SQLite that remembers what was really written. Power can be cut at any write: what was
// not synced is then lost in part, in any order, torn at sectors; what lies in tmpfs is gone.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/sim_clock.hpp"

struct sqlite3_vfs;

namespace sim {

class Disk {
 public:
  explicit Disk(std::uint64_t seed);
  ~Disk();
  Disk(const Disk&) = delete;

  const std::string& vfs_name() const { return name_; }

  // The n-th write from now on (1 = the next) does not happen: the power is cut there. Everything after
  // fails, until restore().
  void cut_at_write(std::uint64_t n) { cut_at_ = writes_ + n; }
  void cut_now() { cut(); }
  bool powered() const { return powered_; }
  // Power is back: files hold what reached the disk. Every database must be closed.
  void restore();

  std::uint64_t writes() const { return writes_; }
  bool full = false;  // the disk takes no further byte; files may still be rewritten in place
  bool read_only = false;

  // For the VFS.
  struct File {
    std::string live, durable;
    struct Op {
      std::size_t at;
      std::string bytes;  // a write; empty: truncate to `at`
    };
    std::vector<Op> unsynced;
    bool in_tmpfs = false;
  };
  File& file(const std::string& path);
  bool exists(const std::string& path) const { return files_.contains(path); }
  void remove(const std::string& path) { files_.erase(path); }
  int write(File& file, std::size_t at, const char* bytes, std::size_t size);
  int truncate(File& file, std::size_t size);
  int sync(File& file);
  void fill(unsigned char* out, std::size_t size) { rng_.fill({out, size}); }

 private:
  bool count_write();
  void cut();
  std::string name_;
  std::unique_ptr<sqlite3_vfs> vfs_;
  std::map<std::string, File> files_;
  SimRng rng_;
  std::uint64_t writes_ = 0, cut_at_ = 0;
  bool powered_ = true;
};

}  // namespace sim
