// qcloudd: arguments -> platform -> agent -> run -> exit code.
#include <malloc.h>

#include "agent/app/options.hpp"
#include "agent/app/process.hpp"

int main(int argc, char** argv) {
  auto options = qcloud::parse_options(argc, argv);
  if (options.exit_code) return *options.exit_code;
  // The link's buffers come and go with each turn; were the heap given back and taken anew each time, it
  // would cost a quarter of its CPU. Large ones still go back to the system at once.
  ::mallopt(M_TRIM_THRESHOLD, 512 * 1024);
  ::mallopt(M_MMAP_THRESHOLD, 512 * 1024);
  return qcloud::run_process(options);
}
