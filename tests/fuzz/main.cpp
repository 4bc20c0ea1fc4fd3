// Runs a fuzzer without an engine: each file named (or lying in a folder named) is fed as it is, cut
// short at each length up to 512, and mutated with a fixed seed. So it is a test: same inputs, same
// verdict. `--mutations N` sets the number of mutations a file (default 200). `--seconds N` goes on with
// mutations of all of them until that time is over, `--seed S` with others. An input that crashes or takes
// ten seconds is left in the file that $FUZZ_LAST names, where set.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/fuzz.hpp"

namespace {

using Input = std::vector<std::uint8_t>;
std::size_t runs = 0;

// What is being fed; read by the handler, hence no object.
const std::uint8_t* at_work = nullptr;
std::size_t at_work_size = 0;

void say(std::string_view words) {
  [[maybe_unused]] auto said = ::write(2, words.data(), words.size());  // nobody is left who could help
}

void keep_finding(int signal) {
  if (const char* path = std::getenv("FUZZ_LAST")) {
    int file = ::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0 || ::write(file, at_work, at_work_size) < 0) say("no finding kept\n");
  }
  if (signal == SIGALRM) say("an input took more than 10 seconds\n");
  std::signal(signal, SIG_DFL);
  ::raise(signal);
}

void feed(const Input& input) {
  // An exact copy on the heap: the sanitizer then sees a read one byte past the end.
  Input exact(input.begin(), input.end());
  exact.shrink_to_fit();
  at_work = exact.data();
  at_work_size = exact.size();
  ::alarm(10);
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
  ++runs;
}

Input mutate(Input input, const std::vector<Input>& all, std::mt19937_64& random) {
  auto below = [&](std::size_t bound) { return bound == 0 ? 0 : random() % bound; };
  static constexpr std::uint8_t telling[] = {0, 1, 0x7f, 0x80, 0xff, '"', '\\', '\n', '{', '[', '=', '.'};
  for (std::size_t edits = 1 + below(4); edits > 0; --edits) {
    std::size_t at = below(input.size());
    switch (below(5)) {
      case 0:
        if (!input.empty()) input[at] ^= std::uint8_t(1u << below(8));
        break;
      case 1:
        if (!input.empty()) input[at] = telling[below(std::size(telling))];
        break;
      case 2:
        input.insert(input.begin() + long(at), telling[below(std::size(telling))]);
        break;
      case 3:
        input.erase(input.begin() + long(at), input.begin() + long(at + below(input.size() - at + 1)));
        break;
      case 4: {  // a piece of another input
        const Input& other = all[below(all.size())];
        std::size_t from = below(other.size()),
                    size = below(std::min<std::size_t>(other.size() - from, 64) + 1);
        input.insert(input.begin() + long(at), other.begin() + long(from), other.begin() + long(from + size));
      }
    }
  }
  return input;
}

Input read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return Input(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t mutations = 200, seed = 1, seconds = 0;
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--mutations") == 0 && i + 1 < argc) {
      mutations = std::strtoul(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--seconds") == 0 && i + 1 < argc) {
      seconds = std::strtoul(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
      seed = std::strtoul(argv[++i], nullptr, 10);
    } else if (std::filesystem::is_directory(argv[i])) {
      for (const auto& entry : std::filesystem::directory_iterator(argv[i])) files.push_back(entry.path());
    } else {
      files.emplace_back(argv[i]);
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<Input> inputs;
  inputs.reserve(files.size());
  for (const auto& file : files) inputs.push_back(read(file));
  if (inputs.empty()) {
    std::fputs("no inputs: name files or a corpus folder\n", stderr);
    return 1;  // a corpus that got lost must not pass
  }
  for (int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM}) std::signal(signal, keep_finding);
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  std::mt19937_64 random(seed);
  feed({});
  for (const auto& input : inputs) {
    feed(input);
    for (std::size_t size = 0; size < std::min<std::size_t>(input.size(), 512); ++size)
      feed(Input(input.begin(), input.begin() + long(size)));
    for (std::size_t i = 0; i < mutations; ++i) feed(mutate(input, inputs, random));
  }
  while (seconds > 0 && std::chrono::steady_clock::now() < end) {
    // Some edits on top of each other: further away from what the corpus holds.
    Input input = inputs[random() % inputs.size()];
    for (int depth = 0; depth < 4 && input.size() < (1u << 16); ++depth)
      feed(input = mutate(std::move(input), inputs, random));
  }
  std::printf("%zu inputs from %zu files\n", runs, inputs.size());
}
