#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>

int main(int argc, char** argv) {
  // The expected texts hold local times.
  setenv("TZ", "UTC", 1);
  tzset();
  return doctest::Context(argc, argv).run();
}
