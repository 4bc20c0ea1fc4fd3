// The cloud's folder: state.db, the private keys (mode 0600), and the public halves that a NAS is given.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "tests/cloud/certs.hpp"

namespace refcloud {

class Folder {
 public:
  /// Makes the folder, mode 0700, if there is none.
  explicit Folder(const std::filesystem::path&);

  std::string database() const { return (path_ / "state.db").string(); }
  std::string ca_file() const { return (path_ / "vendor-ca.pem").string(); }
  std::string receipt_key_file() const { return (path_ / "vendor-receipts.pem").string(); }

  /// The keys that are there, or new ones. Throws CryptoError if only a part is there: a lost CA key is
  /// nothing to paper over.
  Keys keys(Seconds now) const;

  struct Server {
    std::string key;          ///< PEM
    std::string certificate;  ///< PEM
  };
  /// A server certificate for these names, made anew at each start; also left in server.key and server.pem
  /// for a proxy in front.
  Server server(const Keys&, Rng&, const std::vector<std::string>& names, Seconds now,
                const std::string& file = "server") const;

 private:
  std::filesystem::path path_;
};

/// Writes beside the file and renames: a reader sees all of it or nothing.
void write_file(const std::filesystem::path&, std::string_view text, bool secret);
std::string read_file(const std::filesystem::path&);

}  // namespace refcloud
