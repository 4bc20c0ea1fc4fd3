// What a feature holds of the network, and all of it. A lane takes messages of its own manifest and
// nothing else. Made in app/features.cpp.
#pragma once

#include <optional>
#include <type_traits>

#include "agent/gate/gate.hpp"

namespace qcloud {

template <const Manifest& M>
class RequestLane {
 public:
  explicit RequestLane(Port& port) : port_(&port) {}
  Task<Result<Answer>> send(Message<M> message, SendOptions options = {}) const {
    return port_->send(std::move(message).release(), options);
  }

  // The same, and `parse`, a Result<T>(const Answer&), reads the answer, of any status. One that it finds to
  // be cloud.bad_answer is no contact with the cloud.
  template <class Parse, class Parsed = std::invoke_result_t<Parse, const Answer&>>
  Task<Parsed> ask(Message<M> message, Parse parse, SendOptions options = {}) const {
    std::optional<Parsed> parsed;
    options.reader = [&](const Answer& answer) -> Status {
      parsed.emplace(parse(answer));
      return *parsed ? Status() : Status(parsed->error());
    };
    auto answer = co_await port_->send(std::move(message).release(), options);
    if (!answer) co_return std::move(answer).error();
    co_return std::move(*parsed);
  }

 private:
  Port* port_;
};

template <const Manifest& M>
class DatagramLane {
 public:
  explicit DatagramLane(Port& port) : port_(&port) {}
  Task<Result<DatagramAnswer>> send(Message<M> message, ProbeOptions options = {}) const {
    return port_->probe(std::move(message).release(), options);
  }

 private:
  Port* port_;
};

template <const Manifest& M>
class LookupLane {
 public:
  explicit LookupLane(Port& port) : port_(&port) {}
  Task<Result<LookupAnswer>> send(Message<M> message, LookupOptions options = {}) const {
    return port_->lookup(std::move(message).release(), options);
  }

 private:
  Port* port_;
};

// A long-lived byte stream (byte_stream.hpp).
template <const Manifest& M>
class StreamLane {
 public:
  explicit StreamLane(Port& port) : port_(&port) {}
  Task<Result<std::unique_ptr<ByteStream>>> open(Message<M> message, StreamOptions options) const {
    return port_->open(std::move(message).release(), std::move(options));
  }

 private:
  Port* port_;
};

template <const Manifest& M>
struct Lanes {
  RequestLane<M> request;
  DatagramLane<M> datagram;
  LookupLane<M> lookup;
  StreamLane<M> stream;

  explicit Lanes(Port& port) : request(port), datagram(port), lookup(port), stream(port) {}
};

}  // namespace qcloud
