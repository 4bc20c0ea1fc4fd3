#include "tests/cloud/limits.hpp"

namespace refcloud {

void limit(State& state, std::string_view kind, std::string_view subject, int attempts, Seconds window) {
  auto q =
      state.db().query("SELECT count(*), min(time) FROM attempts WHERE kind = ? AND subject = ? AND time > ?",
                       kind, sha256_hex(subject), state.now() - window);
  if (q.next() && q.integer(0) >= attempts)
    throw too_many("Too many attempts; try again later.", q.integer(1) + window - state.now());
}

void count_attempt(State& state, std::string_view kind, std::string_view subject) {
  state.db().run("INSERT INTO attempts VALUES(?, ?, ?)", kind, sha256_hex(subject), state.now());
}

}  // namespace refcloud
