// The one coroutine type. Parameters go by value: a reference may not outlive the first suspension.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace qcloud {

template <class T>
using Task = boost::asio::awaitable<T>;

}  // namespace qcloud
