#include "cli/verdict.h"

void verdict_say(struct cli *cli, enum verdict verdict, const char *format, ...)
{
    static const char *const WORDS[] = {"ok  ", "warn", "fail"};
    if (verdict == VERDICT_FAIL) {
        cli->exit_code = EXIT_FAILED;
    }
    va_list arguments;
    va_start(arguments, format);
    printf("%s  ", WORDS[verdict]);
    cli_vprint(stdout, format, arguments);
    va_end(arguments);
}
