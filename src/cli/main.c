/* The posrec command: its commands, their help, and the one place where an error is printed. */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/embedded_file.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/program.h"
#include "host/clock.h"

extern const struct embedded_file COMMAND_HELP[];

static void print_usage(FILE *out)
{
    fputs(
        "posrec records the position history that Binance does not keep: it polls Binance futures\n"
        "accounts and writes every answer into SQLite.\n\n"
        "Usage: posrec [-c FILE] [-d DB] [-q|-v] COMMAND [options]\n\nCommands:\n",
        out);
    for (size_t i = 0; i < PROGRAM.command_count; i++) {
        fprintf(out, "  %-11s %s\n", PROGRAM.commands[i]->name, PROGRAM.commands[i]->summary);
    }
    fputs("  help        show this, or a command's own help\n\nOptions:\n", out);
    options_print_help(OPTIONS_GLOBAL, out);
    fputs("\nA first look without an account: posrec-demo, or scripts/quickstart of the source.\n"
          "A command's help: posrec help COMMAND\n",
          out);
}

static void print_command_help(const struct command *command)
{
    printf("posrec %s: %s\n\nUsage: posrec [-c FILE] [-d DB] [-q|-v] %s [options]%s%s\n\n%s",
           command->name, command->summary, command->name, command->arguments[0] != '\0' ? " " : "",
           command->arguments, embedded_file_text(COMMAND_HELP, command->name));
    if (command->options[0] != OPTIONS_END) {
        fputs("\nOptions:\n", stdout);
        options_print_help(command->options, stdout);
        options_print_values(command->options, stdout);
    }
    fputs("\nOptions of every command:\n", stdout);
    options_print_help(OPTIONS_GLOBAL, stdout);
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < PROGRAM.command_count; i++) {
        if (strcmp(PROGRAM.commands[i]->name, name) == 0) {
            return PROGRAM.commands[i];
        }
    }
    return NULL;
}

static bool no_such_command(const char *name, struct error *error)
{
    return error_set(error, ERROR_USAGE, "%s: no such command (see 'posrec help')", name);
}

static bool help(int count, char **arguments, struct error *error)
{
    if (count == 0 || strcmp(arguments[0], "help") == 0) {
        print_usage(stdout);
        return true;
    }
    const struct command *command = find_command(arguments[0]);
    if (command == NULL) {
        return no_such_command(arguments[0], error);
    }
    print_command_help(command);
    return true;
}

static bool check_argument_count(const struct command *command, int count, struct error *error)
{
    if (count < command->arguments_min) {
        return error_set(error, ERROR_USAGE, "%s needs %s (see 'posrec help %s')", command->name,
                         command->arguments, command->name);
    }
    if (command->arguments_max >= 0 && count > command->arguments_max) {
        return error_set(error, ERROR_USAGE, "%s takes %s (see 'posrec help %s')", command->name,
                         command->arguments_max == 0 ? "no arguments" : "one argument only",
                         command->name);
    }
    return true;
}

static bool run_command(struct cli *cli, const struct command *command, int argc, char **argv,
                        struct error *error)
{
    if (!options_parse(&cli->options, argc, argv, command->options, cli->now_ms, error)) {
        return error_context(error, "%s", command->name);
    }
    if (cli->options.help) {
        print_command_help(command);
        return true;
    }
    cli->argument_count = argc - cli->options.next;
    cli->arguments = argv + cli->options.next;
    if (!check_argument_count(command, cli->argument_count, error)) {
        return false;
    }
    if (cli->options.verbosity > 0) {
        log_set_level(cli->options.verbosity > 1 ? LOG_DEBUG : LOG_INFO);
    }
    bool done = command->run(cli, error);
    cli_end(cli);
    return done;
}

static bool dispatch(struct cli *cli, int argc, char **argv, struct error *error)
{
    if (!options_parse(&cli->options, argc, argv, NULL, cli->now_ms, error)) {
        return false;
    }
    int next = cli->options.next;
    const struct command *command = next < argc ? find_command(argv[next]) : NULL;
    if (command != NULL) {
        return run_command(cli, command, argc - next, argv + next, error);
    }
    if (PROGRAM.print_version == NULL) {
        return program_pass_on(argv, error);
    }
    if (cli->options.version) {
        PROGRAM.print_version();
        return true;
    }
    if (next == argc && !cli->options.help) {
        print_usage(stderr);
        return error_set(error, ERROR_USAGE, "no command given");
    }
    if (next == argc || strcmp(argv[next], "help") == 0) {
        return help(argc - next - (next < argc), argv + next + (next < argc), error);
    }
    return no_such_command(argv[next], error);
}

static int code_of(const struct error *error)
{
    switch (error->kind) {
    case ERROR_USAGE:
        return EXIT_USAGE;
    case ERROR_REFUSED:
        return EXIT_REFUSED;
    default:
        return EXIT_FAILED;
    }
}

/* A standard stream that is closed must not become a database or a socket that is opened later:
 * what takes its place fails as it did. */
static void hold_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0) {
            abort();
        }
    }
}

/* What was printed without a look at each write shows here. */
static bool end_output(struct error *error)
{
    return (fflush(stdout) == 0 && ferror(stdout) == 0) ||
           error_set_output(error, stdout, "standard output");
}

int main(int argc, char **argv)
{
    hold_standard_streams();
    prctl(PR_SET_NAME, "posrec"); /* whichever of the two it is */
    struct cli cli = {.words = argv, .now_ms = clock_wall_ms()};
    struct error error = {0};
    /* A peer that goes away shows as a failed write; so does a reader, which is no error. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* so does a file that may not grow */
    /* What posrec shows is UTF-8 whatever the locale: its widths are those of that. */
    setlocale(LC_CTYPE, "C.UTF-8");
    if (!dispatch(&cli, argc, argv, &error) ||
        (!end_output(&error) && cli.exit_code == EXIT_DONE)) {
        if (error.kind == ERROR_READER_GONE) {
            return EXIT_READER_GONE;
        }
        cli_print(stderr, "posrec: %s", error.text);
        return code_of(&error);
    }
    return cli.exit_code;
}
