// Opening the state: what can be wrong with the file, and what is done about it. Nothing is ever
// overwritten: a damaged state is kept under another name, everything else is left as it is.
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "agent/store/db.hpp"
#include "agent/store/meta.hpp"
#include "agent/store/schema.hpp"

namespace qcloud {
namespace {

constexpr const char* damaged = "store.damaged";  // within this file only

Error unusable(const std::string& path, std::string_view why, std::string_view fix) {
  return Error{"store.unusable", Retry::wait_for_owner, path + ": " + std::string(why), std::string(fix)};
}

// What SQLite says, as the owner should hear it.
Error told(sqlite3* handle, const std::string& path, const Error& error) {
  switch (sqlite3_errcode(handle) & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {damaged, Retry::wait_for_owner, error.detail, ""};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return unusable(path, "another program has this file open",
                      "End that program (a backup, or a database browser), and start again.");
    case SQLITE_FULL:
      return unusable(path, "the volume is full", "Free some space on it, and start again.");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return unusable(path, "the file cannot be written", "Make it and its folder writable for the agent.");
    case SQLITE_CANTOPEN:
      return unusable(path, "the file cannot be opened",
                      "Check that the folder exists and is writable for the agent.");
    case SQLITE_IOERR:
      return unusable(path, "the volume reports an error", "Check the volume and its file system.");
    default:
      return unusable(path, error.detail, error.fix);
  }
}

Status plain_file(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode)) return {};
  return unusable(path, "this is no plain file", "Move it aside; the agent keeps its state there.");
}

// "state.db" -> "state.db.damaged-1": the first name that is free. The journal goes first: left behind
// it would be taken for the new file's.
std::optional<std::string> set_aside(const std::string& path) {
  for (int n = 1; n < 1000; ++n) {
    auto kept = path + ".damaged-" + std::to_string(n);
    struct stat info {};
    if (::lstat(kept.c_str(), &info) == 0) continue;
    auto journal = path + "-journal";
    if (::lstat(journal.c_str(), &info) == 0 && ::rename(journal.c_str(), (kept + "-journal").c_str()) != 0)
      return std::nullopt;
    if (::rename(path.c_str(), kept.c_str()) != 0) return std::nullopt;
    return kept;
  }
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<Db>> Db::open(Options options) {
  auto first = open_once(options);
  if (first || first.error().code != damaged) return first;
  auto why = first.error().detail;
  auto kept = options.vfs.empty() ? set_aside(options.state_path) : std::nullopt;
  if (!kept)
    return unusable(options.state_path, "the state is damaged: " + why,
                    "Move the file aside, and register again.");
  auto anew = open_once(options);
  if (!anew) return anew;
  if (auto noted = set_meta(**anew, note_damaged, *kept); !noted) return std::move(noted).error();
  return anew;
}

Result<std::unique_ptr<Db>> Db::open_once(const Options& options) {
  // The state holds the device key: nobody else may read it, whatever the umask.
  if (options.vfs.empty())
    for (const auto& path : {options.state_path, options.spool_path}) {
      if (auto plain = plain_file(path); !plain) return std::move(plain).error();
      int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
      if (fd >= 0) ::close(fd);
    }
  sqlite3* handle = nullptr;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  int code = sqlite3_open_v2(options.state_path.c_str(), &handle, flags,
                             options.vfs.empty() ? nullptr : options.vfs.c_str());
  auto db = std::unique_ptr<Db>(new Db(handle));
  if (code != SQLITE_OK)
    return unusable(options.state_path, sqlite3_errmsg(handle),
                    "Check that the folder exists and is writable for the agent.");
  sqlite3_extended_result_codes(handle, 0);

  // Exclusive: one agent, no shared-memory file. Truncate: the journal file stays, so that a
  // commit touches no directory. Secure: what is deleted, a key among it, is overwritten, also in the spool.
  for (const char* pragma :
       {"PRAGMA locking_mode=EXCLUSIVE", "PRAGMA journal_mode=TRUNCATE", "PRAGMA synchronous=FULL",
        "PRAGMA cache_size=-256", "PRAGMA temp_store=MEMORY", "PRAGMA trusted_schema=OFF",
        "PRAGMA foreign_keys=ON", "PRAGMA secure_delete=ON"})
    if (auto status = db->run(pragma); !status) return told(handle, options.state_path, status.error());
  if (sqlite3_db_readonly(handle, "main") == 1)
    return unusable(options.state_path, "the file cannot be written",
                    "Make it and its folder writable for the agent.");
  // The whole file once, at start: what is damaged is found now, not in the middle of a decision.
  std::string verdict;
  auto checked = db->run("PRAGMA main.quick_check(1)", {}, [&](const Row& row) { verdict = row.text(0); });
  if (!checked) return told(handle, options.state_path, checked.error());
  if (verdict != "ok") return Error{damaged, Retry::wait_for_owner, verdict, ""};

  auto version = db->number("PRAGMA user_version");
  if (version > schema::version)
    return unusable(options.state_path, "written by a newer version of the agent",
                    "Install the newer version again; nothing was changed.");
  if (version == 0 && db->number("SELECT count(*) FROM sqlite_schema") > 0)
    return unusable(options.state_path, "a database of something else",
                    "Move it aside; nothing was changed.");
  if (version < schema::version) {
    auto status = db->transaction([&]() -> Status {
      for (auto step = version; step < schema::version; ++step)
        if (sqlite3_exec(handle, schema::steps[step], nullptr, nullptr, nullptr) != SQLITE_OK)
          return Error{"store.failed", Retry::retry_later, sqlite3_errmsg(handle), ""};
      return db->run(schema::set_version);
    });
    if (!status) return told(handle, options.state_path, status.error());
  }
  if (auto attached = db->attach_spool(options); !attached) return std::move(attached).error();
  return db;
}

Status Db::attach_spool(const Options& options) {
  auto attach = [&]() -> Status {
    if (auto status = run("ATTACH DATABASE ? AS spool", {options.spool_path}); !status) return status;
    return run("SELECT count(*) FROM spool.sqlite_schema");
  };
  // A spool that cannot be read holds only the newest rows: it is begun anew, and the ledger shows a gap.
  auto attached = attach();
  if (!attached && options.vfs.empty()) {
    auto detached = run("DETACH DATABASE spool");
    for (const char* part : {"", "-journal"}) ::unlink((options.spool_path + part).c_str());
    attached = attach();
  }
  if (!attached)
    return unusable(options.spool_path, attached.error().detail,
                    "Check that the folder exists and is writable for the agent.");
  for (const char* pragma : {"PRAGMA spool.journal_mode=TRUNCATE", "PRAGMA spool.synchronous=OFF",
                             "PRAGMA spool.cache_size=-64", "PRAGMA spool.max_page_count=64", schema::spool})
    if (auto status = run(pragma); !status)
      return unusable(options.spool_path, status.error().detail,
                      "Remove this file; it holds only the newest ledger rows.");
  return {};
}

}  // namespace qcloud
