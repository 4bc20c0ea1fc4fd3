// doctor: what stands between this NAS and the cloud.
#include "agent/cli/commands.hpp"
#include "agent/cli/doctor.hpp"
#include "agent/cli/field.hpp"

namespace qcloud::cli {

Exit run_doctor(Session& session) {
  session.say("Looking, for 30 seconds at most ...\n");
  const auto found = session.interruptible().post(Target("/v1/doctor"));
  if (!found) return session.fail(found.error());
  session.show(doctor_text(*found, session.look), *found);
  return doctor_found_error(*found) ? Exit::refused : Exit::done;
}

}  // namespace qcloud::cli
