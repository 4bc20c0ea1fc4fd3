// qcloudd: arguments -> platform -> agent -> run -> exit code.
#include "agent/app/options.hpp"
#include "agent/app/process.hpp"

int main(int argc, char** argv) {
  auto options = qcloud::parse_options(argc, argv);
  if (options.exit_code) return *options.exit_code;
  return qcloud::run_process(options);
}
