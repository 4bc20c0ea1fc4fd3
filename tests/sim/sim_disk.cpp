#include "tests/sim/sim_disk.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>

namespace sim {
namespace {

constexpr std::size_t sector = 512;

void apply(std::string& content, const Disk::File::Op& op) {
  if (op.bytes.empty()) {
    content.resize(op.at);
    return;
  }
  if (content.size() < op.at + op.bytes.size()) content.resize(op.at + op.bytes.size());
  content.replace(op.at, op.bytes.size(), op.bytes);
}

struct Handle {
  sqlite3_file base;
  Disk* disk;
  Disk::File* file;
};

Handle* self(sqlite3_file* file) { return reinterpret_cast<Handle*>(file); }
Disk* disk_of(sqlite3_vfs* vfs) { return static_cast<Disk*>(vfs->pAppData); }

int close_file(sqlite3_file*) { return SQLITE_OK; }

int read_file(sqlite3_file* file, void* into, int amount, sqlite3_int64 offset) {
  if (!self(file)->disk->powered()) return SQLITE_IOERR_READ;
  const auto& live = self(file)->file->live;
  auto at = static_cast<std::size_t>(offset), wanted = static_cast<std::size_t>(amount);
  auto got = at < live.size() ? std::min(wanted, live.size() - at) : 0;
  std::memcpy(into, live.data() + std::min(at, live.size()), got);
  if (got == wanted) return SQLITE_OK;
  std::memset(static_cast<char*>(into) + got, 0, wanted - got);
  return SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* file, const void* from, int amount, sqlite3_int64 offset) {
  return self(file)->disk->write(*self(file)->file, static_cast<std::size_t>(offset),
                                 static_cast<const char*>(from), static_cast<std::size_t>(amount));
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  return self(file)->disk->truncate(*self(file)->file, static_cast<std::size_t>(size));
}

int sync_file(sqlite3_file* file, int) { return self(file)->disk->sync(*self(file)->file); }

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(self(file)->file->live.size());
  return SQLITE_OK;
}

int no_lock(sqlite3_file*, int) { return SQLITE_OK; }
int reserved(sqlite3_file*, int* out) {
  *out = 0;
  return SQLITE_OK;
}
int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return static_cast<int>(sector); }
int characteristics(sqlite3_file*) { return 0; }

const sqlite3_io_methods methods = {1,         close_file,  read_file,       write_file, truncate_file,
                                    sync_file, file_size,   no_lock,         no_lock,    reserved,
                                    control,   sector_size, characteristics, nullptr,    nullptr,
                                    nullptr,   nullptr,     nullptr,         nullptr};

int open_file(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* out, int flags, int* out_flags) {
  if (!disk_of(vfs)->powered() || !name) return SQLITE_CANTOPEN;
  auto* handle = self(out);
  handle->base.pMethods = &methods;
  handle->disk = disk_of(vfs);
  handle->file = &disk_of(vfs)->file(name);
  if (out_flags) *out_flags = flags;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int) {
  disk_of(vfs)->remove(name);
  return SQLITE_OK;
}

int access_file(sqlite3_vfs* vfs, const char* name, int, int* out) {
  *out = disk_of(vfs)->exists(name) ? 1 : 0;
  return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* name, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", name);
  return SQLITE_OK;
}

int randomness(sqlite3_vfs* vfs, int size, char* out) {
  disk_of(vfs)->fill(reinterpret_cast<unsigned char*>(out), static_cast<std::size_t>(size));
  return size;
}

int no_sleep(sqlite3_vfs*, int) { return 0; }
int some_day(sqlite3_vfs*, double* out) {
  *out = 2461000.5;
  return SQLITE_OK;
}
int last_error(sqlite3_vfs*, int, char*) { return 0; }

}  // namespace

Disk::Disk(std::uint64_t seed) : vfs_(std::make_unique<sqlite3_vfs>()), rng_(seed) {
  static int count = 0;
  name_ = "sim" + std::to_string(count++);
  std::memset(vfs_.get(), 0, sizeof *vfs_);
  vfs_->iVersion = 1;
  vfs_->szOsFile = sizeof(Handle);
  vfs_->mxPathname = 256;
  vfs_->zName = name_.c_str();
  vfs_->pAppData = this;
  vfs_->xOpen = open_file;
  vfs_->xDelete = delete_file;
  vfs_->xAccess = access_file;
  vfs_->xFullPathname = full_path;
  vfs_->xRandomness = randomness;
  vfs_->xSleep = no_sleep;
  vfs_->xCurrentTime = some_day;
  vfs_->xGetLastError = last_error;
  sqlite3_vfs_register(vfs_.get(), 0);
}

Disk::~Disk() { sqlite3_vfs_unregister(vfs_.get()); }

Disk::File& Disk::file(const std::string& path) {
  auto& file = files_[path];
  file.in_tmpfs = path.starts_with("/run/");
  return file;
}

bool Disk::count_write() {
  if (!powered_) return false;
  ++writes_;
  if (cut_at_ != 0 && writes_ >= cut_at_) cut();
  return powered_;
}

int Disk::write(File& file, std::size_t at, const char* bytes, std::size_t size) {
  if (!powered_) return SQLITE_IOERR_WRITE;
  if (!file.in_tmpfs) {
    if (read_only) return SQLITE_READONLY;
    if (full && at + size > file.live.size()) return SQLITE_FULL;
    // The write under way when the power goes is one of those that may be torn.
    file.unsynced.push_back({at, std::string(bytes, size)});
    if (!count_write()) return SQLITE_IOERR_WRITE;
  }
  apply(file.live, {at, std::string(bytes, size)});
  return SQLITE_OK;
}

int Disk::truncate(File& file, std::size_t size) {
  if (!powered_) return SQLITE_IOERR_TRUNCATE;
  if (!file.in_tmpfs) {
    if (read_only) return SQLITE_READONLY;
    file.unsynced.push_back({size, ""});
    if (!count_write()) return SQLITE_IOERR_TRUNCATE;
  }
  file.live.resize(size);
  return SQLITE_OK;
}

int Disk::sync(File& file) {
  if (file.in_tmpfs) return powered_ ? SQLITE_OK : SQLITE_IOERR_FSYNC;
  if (!count_write()) return SQLITE_IOERR_FSYNC;  // a sync is a moment to lose power at, too
  for (const auto& op : file.unsynced) apply(file.durable, op);
  file.unsynced.clear();
  return SQLITE_OK;
}

void Disk::cut() {
  if (!powered_) return;
  powered_ = false;
  cut_at_ = 0;
  for (auto& [path, file] : files_) {
    for (const auto& op : file.unsynced) {
      if (rng_.chance(0.5)) continue;  // never reached the platter
      if (op.bytes.empty()) {
        apply(file.durable, op);
        continue;
      }
      // Sector by sector, as far as it got.
      for (std::size_t from = 0; from < op.bytes.size(); from += sector)
        if (rng_.chance(0.8)) apply(file.durable, {op.at + from, op.bytes.substr(from, sector)});
    }
    file.unsynced.clear();
  }
}

void Disk::restore() {
  powered_ = true;
  cut_at_ = 0;
  std::erase_if(files_, [](const auto& entry) { return entry.second.in_tmpfs; });
  for (auto& [path, file] : files_) file.live = file.durable;
}

}  // namespace sim
