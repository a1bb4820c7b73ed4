/* The charts of an HTML report: their data, thinned for the screen, as JSON inside the page.
 * report/assets/charts.js draws them. */
#pragma once

#include "report/kind.h"
#include "report/report.h"

/* Writes the chart of the question's account and range; nothing when nothing can be drawn. Says in
 * *drawn whether one was. */
bool chart_write(const struct report_chart *kind, const struct report_question *question, FILE *out,
                 bool *drawn, struct error *error);
