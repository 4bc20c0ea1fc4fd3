// Every handler, by the file that holds it. What each does is in docs/openapi/cloud.yaml.
#pragma once

#include "tests/cloud/state.hpp"

namespace refcloud {

using Handler = Reply (*)(State&, const Call&);

// oauth.cpp
Reply get_metadata(State&, const Call&);
Reply post_device_auth(State&, const Call&);
Reply post_token(State&, const Call&);
// est.cpp
Reply get_cacerts(State&, const Call&);
Reply post_simpleenroll(State&, const Call&);
Reply post_simplereenroll(State&, const Call&);
Reply get_crl_der(State&, const Call&);
Reply get_crl_pem(State&, const Call&);
// device.cpp
Reply get_device(State&, const Call&);
Reply get_whoami(State&, const Call&);
Reply get_export(State&, const Call&);
// names.cpp
Reply put_name(State&, const Call&);
Reply delete_name(State&, const Call&);
// ddns.cpp
Reply put_ddns(State&, const Call&);
// watch.cpp
Reply get_watch(State&, const Call&);
// erasure.cpp
Reply post_erasure(State&, const Call&);
Reply get_erasure(State&, const Call&);
// page_login.cpp
Reply get_root(State&, const Call&);
Reply get_login(State&, const Call&);
Reply post_login(State&, const Call&);
Reply post_logout(State&, const Call&);
Reply post_preferences(State&, const Call&);
// page_device.cpp
Reply get_device_page(State&, const Call&);
Reply post_device_page(State&, const Call&);
// page_account.cpp
Reply get_account_page(State&, const Call&);
Reply post_account_rename(State&, const Call&);
Reply get_account_remove(State&, const Call&);
Reply post_account_remove(State&, const Call&);

/// watch.cpp: the body that a watch answers with.
Response watch_answer(State&, const Device&, const std::string& source, std::int64_t cursor);
/// watch.cpp: id of the newest event of a device, 0 if none.
std::int64_t newest_event(State&, const std::string& device_id);
/// watch.cpp: queues an event and wakes the device's watch.
void add_event(State&, const std::string& device_id, std::string_view type,
               const std::optional<std::string>& text = {});

}  // namespace refcloud
