// What the doctor found, and the support bundle: everything that somebody who helps needs to know of this
// box, and nothing that tells whose it is (promise A8). Neither leaves the box by itself.
#pragma once

#include "agent/app/agent.hpp"

namespace qcloud {

// What this box knows to be personal: account, names, ids. No log line and no bundle holds it.
KnownValues known_values(const Agent& agent);

// Keeps the log informed of them. Runs until cancelled.
Task<void> keep_log_informed(Agent& agent);

// The owner's command: looks, within 30 seconds. {schema, made, checks}
Task<boost::json::object> run_doctor(Agent& agent);

// {schema, bundle:{...}}; `attachments` are the owner's: [{name, text}]. Errors: request.malformed.
Task<Result<boost::json::object>> make_bundle(Agent& agent, boost::json::array attachments);

}  // namespace qcloud
