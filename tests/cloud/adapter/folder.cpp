#include "tests/cloud/adapter/folder.hpp"
#include "tests/cloud/adapter/system_rng.hpp"

#include <fstream>
#include <sstream>
#include <system_error>

namespace refcloud {
namespace fs = std::filesystem;

Folder::Folder(const fs::path& path) : path_(fs::absolute(path)) {
  if (fs::create_directories(path_)) fs::permissions(path_, fs::perms::owner_all);
}

Keys Folder::keys(Seconds now) const {
  const auto ca_key = path_ / "ca.key";
  const auto receipt_key = path_ / "receipts.key";
  if (fs::exists(ca_key) || fs::exists(receipt_key) || fs::exists(ca_file()))
    return Keys::from_pem(read_file(ca_key), read_file(ca_file()), read_file(receipt_key));
  SystemRng rng;
  auto keys = Keys::generate(now, rng);
  write_file(ca_key, private_pem(keys.ca_key.get()), true);
  write_file(receipt_key, private_pem(keys.receipt_key.get()), true);
  write_file(ca_file(), keys.ca_pem(), false);
  write_file(receipt_key_file(), keys.receipt_public_pem(), false);
  return keys;
}

Folder::Server Folder::server(const Keys& keys, Rng& rng, const std::vector<std::string>& names, Seconds now,
                              const std::string& file) const {
  const auto key = generate_p256();
  Server server{private_pem(key.get()), issue_server_certificate(keys, rng, key.get(), names, now)};
  write_file(path_ / (file + ".key"), server.key, true);
  write_file(path_ / (file + ".pem"), server.certificate, false);
  return server;
}

void write_file(const fs::path& path, std::string_view text, bool secret) {
  auto beside = path;
  beside += ".new";
  std::ofstream out(beside, std::ios::binary | std::ios::trunc);
  if (secret) fs::permissions(beside, fs::perms::owner_read | fs::perms::owner_write);
  out << text;
  out.close();
  if (!out) throw fs::filesystem_error("cannot write", beside, std::make_error_code(std::errc::io_error));
  fs::rename(beside, path);
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in)
    throw fs::filesystem_error("cannot read", path,
                               std::make_error_code(std::errc::no_such_file_or_directory));
  return text.str();
}

}  // namespace refcloud
