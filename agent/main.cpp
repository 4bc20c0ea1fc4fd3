// qcloudd: arguments -> platform -> agent -> run -> exit code.
#include <netdb.h>

#include <cstdio>

#include "agent/app/options.hpp"
#include "agent/app/process.hpp"

// Without this a static binary would load the box's own name-service modules, and with them a
// foreign libc. The function is glibc's; no header declares it.
extern "C" int __nss_configure_lookup(const char* database, const char* service);

int main(int argc, char** argv) {
  __nss_configure_lookup("hosts", "files dns");
  auto options = qcloud::parse_options(argc, argv);
  if (options.exit_code) return *options.exit_code;
  return qcloud::run_process(options);
}
