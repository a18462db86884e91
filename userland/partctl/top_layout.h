/* SPDX-License-Identifier: GPL-2.0 */
/* top_layout.h: what partctl top shows as a grid of characters; pure, so that every size can be tested. */
#ifndef TOP_LAYOUT_H
#define TOP_LAYOUT_H

#include "top_state.h"

enum { TOP_WIDTH_MIN = 80, TOP_HEIGHT_MIN = 24 };

/* How a character looks; TOP_REVERSE may be added to any. Heat rises from 1 to 4. */
enum top_look { TOP_PLAIN, TOP_BOLD, TOP_DIM, TOP_GOOD, TOP_BAD, TOP_HEAT, TOP_LOOKS = TOP_HEAT + 5, TOP_REVERSE = 0x80 };

struct top_cell {
	char c;			/* printable ASCII, whatever the terminal is */
	unsigned char look;
};

struct top_grid {
	struct top_cell *cells;	/* owned; height lines of width */
	size_t width, height;
};

void top_grid_clear(struct top_grid *grid);
#define top_autogrid __attribute__((cleanup(top_grid_clear))) struct top_grid

/* A grid of blanks; -ENOMEM. Replaces what *grid had. */
int top_grid_init(struct top_grid *grid, size_t width, size_t height);
/*
 * Writes from (x, y) on; what does not fit is cut off, what is not printable
 * ASCII becomes '?'. Returns the column behind it.
 */
size_t top_grid_put(struct top_grid *grid, size_t x, size_t y, unsigned int look, const char *text);
/* In a field of `width` columns, at its right end or its left; a text that is longer is cut in its middle: "ver~long". */
void top_grid_field(struct top_grid *grid, size_t x, size_t y, unsigned int look, const char *text, size_t width,
		    bool is_right);
/* The whole line in this look. */
void top_grid_line(struct top_grid *grid, size_t y, unsigned int look);

/* The part of the screen that belongs to the view: lines from top to below the bottom. */
struct top_area {
	size_t top, bottom;
};

/* Each view in a file of its own. */
void top_draw_overview(struct top_grid *grid, struct top_area area, const struct top_model *model,
		       const struct top_state *state);
void top_draw_blame(struct top_grid *grid, struct top_area area, const struct top_model *model, const struct top_state *state);
void top_draw_latency(struct top_grid *grid, struct top_area area, const struct top_model *model,
		      const struct top_state *state);
void top_draw_events(struct top_grid *grid, struct top_area area, const struct top_model *model,
		     const struct top_state *state);
/* How warm a share of what a victim waited is: 0 (below 1 %) to 4 (half and more). */
unsigned int top_heat(double share);

/*
 * Everything: a screen of the grid's size. `clock` is the time of day for the
 * first line. A grid smaller than 80 by 24 only says so.
 */
void top_draw(struct top_grid *grid, const struct top_model *model, const struct top_state *state, const char *clock);
/* How many lines a view has for its rows on a screen of this height. */
size_t top_page(size_t height);

#endif
