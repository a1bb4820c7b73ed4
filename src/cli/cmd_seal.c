#include "base/time_text.h"
#include "cli/cli.h"
#include "cli/sealing.h"
#include "exchange/base_url.h"
#include "exchange/limits.h"
#include "service/seal.h"

/* Has the options stand in the place of the config's settings. */
static bool settle_config(const struct cli *cli, struct config *config, struct text *url,
                          struct error *error)
{
    if (cli->options.url != NULL) {
        if (!base_url_read_seal(cli->options.url, url, error)) {
            return error_context(error, "--url");
        }
        config->seal_url = text_string(url);
    }
    if (cli->options.ca_file != NULL) {
        config->seal_ca = cli->options.ca_file;
    }
    return config->seal_url != NULL ||
           error_set(error, ERROR_USAGE,
                     "seal: no authority is named (--url, or the config's "
                     "seal_url)");
}

/* The way that the config's first account is asked by, which needs no key here. */
static struct account_settings way_of(const struct config *config, const char *account)
{
    static const struct config_account NONE = {0};
    const struct config_account *first = config->account_count > 0 ? config->accounts : &NONE;
    return (struct account_settings){
        .account = account,
        .ca_file = first->ca_file,
        .proxy = first->proxy,
        .timeout_ms = config_times(config, first).timeout_ms.value,
        .weight_share_percent = LIMITS_SHARE_PERCENT,
    };
}

static bool say_result(const struct cli *cli, const struct seal_result *result, struct error *error)
{
    const struct capture *capture = &result->capture;
    char time[TIME_TEXT_SIZE];
    if (capture->outcome != OUTCOME_OK) {
        return error_set(error, ERROR_FAILED, "capture %lld: %s: %s", (long long)result->capture_id,
                         outcome_name(capture->outcome), text_string(&capture->detail));
    }
    time_text_format(result->timestamp.time_ms, time);
    cli_say(cli, "%s: %lld captures are sealed: %s, by %s; capture %lld has the token",
            cli->database.path, (long long)result->seal.count, time, result->timestamp.authority,
            (long long)result->capture_id);
    return true;
}

static bool seal(const struct cli *cli, const struct sealing *sealing, struct seals *seals,
                 struct error *error)
{
    struct recorder *recorder = recorder_new(&cli->database, true, error);
    struct seal_result result = {0};
    bool done = recorder != NULL && seal_now(&sealing->settings, recorder, seals, &result, error) &&
                say_result(cli, &result, error);
    seal_result_free(&result);
    recorder_free(recorder);
    return done;
}

static bool seal_database(const struct cli *cli, const struct config *config, struct error *error)
{
    struct sealing sealing = {0};
    struct text account = {0};
    struct seals *seals = seals_new(&cli->database, error);
    bool done = seals != NULL && seals_account(seals, &account, error);
    if (done) {
        const struct account_settings way = way_of(config, text_string(&account));
        done = sealing_load(config, &way, &sealing, error) && seal(cli, &sealing, seals, error);
    }
    sealing_free(&sealing);
    text_free(&account);
    seals_free(seals);
    return done;
}

static bool run(struct cli *cli, struct error *error)
{
    struct text url = {0};
    if (!cli_load_config(cli, error)) {
        return false;
    }
    struct config config = cli->config;
    bool done = settle_config(cli, &config, &url, error) &&
                cli_open_database(cli, DATABASE_UPDATE, error) &&
                (seal_database(cli, &config, error) || error_context(error, "seal"));
    text_free(&url);
    return done;
}

const struct command COMMAND_SEAL = {
    .name = "seal",
    .arguments = "",
    .summary = "have a timestamp authority stamp what is recorded",
    .options = {OPTION(url), OPTION(ca_file)},
    .run = run,
};
