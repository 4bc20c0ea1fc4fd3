// qcloudd: arguments -> platform -> agent -> run -> exit code.
#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>

#include "agent/app/options.hpp"
#include "agent/app/process.hpp"

int main(int argc, char** argv) {
  auto options = qcloud::parse_options(argc, argv);
  if (options.exit_code) return *options.exit_code;
  // The link's buffers come and go with each turn; were the heap given back and taken anew each time, it
  // would cost a quarter of its CPU. Large ones still go back to the system at once.
  ::mallopt(M_TRIM_THRESHOLD, 512 * 1024);
  ::mallopt(M_MMAP_THRESHOLD, 512 * 1024);
  // Each visitor is a descriptor, and many systems give a program 1,024 unless it asks for more.
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = std::max(files.rlim_cur, std::min<rlim_t>(files.rlim_max, 4096));
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  return qcloud::run_process(options);
}
