// Every handler, by the file that holds it. What each does is in docs/openapi/cloud.yaml.
#pragma once

#include <set>

#include "tests/cloud/records.hpp"

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
Reply patch_device(State&, const Call&);
Reply get_whoami(State&, const Call&);
Reply get_export(State&, const Call&);
// names.cpp
Reply put_name(State&, const Call&);
Reply delete_name(State&, const Call&);
// ddns.cpp
Reply put_ddns(State&, const Call&);
// nic_update.cpp
Reply get_nic_update(State&, const Call&);
// audience.cpp
Reply get_audience(State&, const Call&);
Reply put_audience(State&, const Call&);
Reply get_lookup(State&, const Call&);
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
Reply get_lookup_page(State&, const Call&);
// page_nas.cpp
Reply get_nas_page(State&, const Call&);
Reply post_account_token(State&, const Call&);
// page_nas_change.cpp
Reply post_account_rename(State&, const Call&);
Reply post_account_device_name(State&, const Call&);
Reply post_account_audience(State&, const Call&);
Reply get_account_export(State&, const Call&);
// page_erase.cpp
Reply get_account_erase(State&, const Call&);
Reply post_account_erase(State&, const Call&);
Reply get_account_remove(State&, const Call&);
Reply post_account_remove(State&, const Call&);
Reply get_receipt(State&, const Call&);
// page_delete.cpp
Reply get_account_delete(State&, const Call&);
Reply post_account_delete(State&, const Call&);

/// device.cpp: {"schema","device_id","time","scope","stores"} of these scopes.
json::object export_of(State&, const std::string& device_id,
                       const std::set<Scope>& wanted = {std::begin(all_scopes), std::end(all_scopes)});
/// device.cpp: throws 422 device-name-invalid.
void set_device_name(State&, const std::string& device_id, std::string_view device_name);
/// watch.cpp: the body that a watch answers with.
Response watch_answer(State&, const Device&, const std::string& source, std::int64_t cursor);
/// watch.cpp: id of the newest event of a device, 0 if none.
std::int64_t newest_event(State&, const std::string& device_id);
/// watch.cpp: queues an event and wakes the device's watch.
void add_event(State&, const std::string& device_id, std::string_view type,
               const std::optional<std::string>& text = {});

}  // namespace refcloud
