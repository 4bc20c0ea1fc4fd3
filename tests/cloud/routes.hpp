// The routing table: every endpoint, who may call it, what body it takes. Nothing is reachable that is not in
// it.
#pragma once

#include <span>

#include "tests/cloud/handlers.hpp"

namespace refcloud {

enum class Body { none, form, json, pkcs10 };

struct Route {
  RouteInfo info;
  Body body;
  Handler handler;
};

std::span<const Route> route_table();

/// Finds the route. Throws 404 "not-found" and 405 "method-not-allowed" (with Allow). `parameter` gets what
/// stands for {id}.
const Route& find_route(std::string_view method, std::string_view path, std::string& parameter);

}  // namespace refcloud
