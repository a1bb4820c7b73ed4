/* Verify's check of one capture: its bytes, its link, its node of the tree, its place, and the rows
 * that are made of it. */
#pragma once

#include "store/verification.h"

/* Checks the next one; *more: whether there was one. False when something of the evidence is wrong,
 * or it could not be carried through. */
bool capture_check_next(struct verification *run, bool *more, struct error *error);
