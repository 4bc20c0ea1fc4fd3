// qcloud: what the owner types. Talks to the agent's Unix socket, never to the cloud.
#include "agent/cli/commands.hpp"

int main(int argc, char** argv) {
  auto host = qcloud::cli::process_host();
  return static_cast<int>(qcloud::cli::run({argv + 1, argv + argc}, host));
}
