#include "service/seal.h"

#include "host/clock.h"
#include "service/round.h"

struct sealing {
    struct round round; /* the first */
    struct recorder *recorder;
    struct ask_account account;
    struct sealer sealer;
    struct seal_result *result;
    struct error *error; /* of the owner: why there is no result */
};

void seal_result_free(struct seal_result *result)
{
    capture_free(&result->capture);
}

static void on_capture(void *context, struct ask_account *asked, struct capture *capture)
{
    struct sealing *sealing = context;
    struct seal_result *result = sealing->result;
    struct recorded recorded;
    const struct now now = clock_now();
    if (recorder_record(sealing->recorder, RECORD_LIVE, capture, &recorded, sealing->error)) {
        ask_recorded(&now, asked, capture, &recorded);
        result->capture_id = recorded.capture_id;
        result->capture = *capture;
        *capture = (struct capture){0};
    }
    capture_free(capture);
}

bool seal_now(const struct sealer_settings *settings, struct recorder *recorder,
              struct seals *seals, struct seal_result *result, struct error *error)
{
    struct sealing sealing = {.recorder = recorder, .result = result, .error = error};
    const struct now now = clock_now();
    *result = (struct seal_result){0};
    sealing.sealer.seals = seals;
    sealing.round.settings =
        (struct ask_settings){.watch.on_capture = on_capture, .is_round = true};
    /* Why there is nothing to ask is the answer then, not the log's alone. */
    if (!seals_stand(seals, &result->seal, error)) {
        return false;
    }
    error_set(error, ERROR_FAILED, "nothing could be asked (see the log)");
    bool done =
        round_start(&sealing.round, error) &&
        ask_add_seal(sealing.round.ask, &sealing.account, &sealing.sealer, settings, &now, error) &&
        round_work(&sealing.round, error) && result->capture_id != 0;
    result->seal = sealing.sealer.seal;
    result->timestamp = sealing.sealer.timestamp;
    round_end(&sealing.round);
    return done;
}
