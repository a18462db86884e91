// SPDX-License-Identifier: GPL-2.0
/* top_grid.c: a grid of characters and how to write into it. */
#include "top_layout.h"

#include <errno.h>
#include <stdlib.h>

void top_grid_clear(struct top_grid *grid)
{
	free(grid->cells);
	*grid = (struct top_grid){ 0 };
}

int top_grid_init(struct top_grid *grid, size_t width, size_t height)
{
	top_grid_clear(grid);
	grid->cells = calloc(width * height + 1, sizeof(*grid->cells));
	if (!grid->cells)
		return -ENOMEM;
	grid->width = width;
	grid->height = height;
	for (size_t i = 0; i < width * height; i++)
		grid->cells[i].c = ' ';
	return 0;
}

/* The character at *text and steps behind it; of a longer one in UTF-8 all bytes together are one '?'. */
static char next_character(const char **text)
{
	unsigned char c = (unsigned char)*(*text)++;

	if (c >= ' ' && c < 0x7f)
		return (char)c;
	while (c >= 0xc0 && ((unsigned char)**text & 0xc0) == 0x80)
		(*text)++;
	return '?';
}

size_t top_grid_put(struct top_grid *grid, size_t x, size_t y, unsigned int look, const char *text)
{
	for (; *text && x < grid->width && y < grid->height; x++)
		grid->cells[y * grid->width + x] = (struct top_cell){ next_character(&text), (unsigned char)look };
	return x;
}

static size_t count_characters(const char *text)
{
	size_t n = 0;

	for (; *text; n++)
		next_character(&text);
	return n;
}

void top_grid_field(struct top_grid *grid, size_t x, size_t y, unsigned int look, const char *text, size_t width,
		    bool is_right)
{
	size_t length = count_characters(text), head = (width - 1) / 2, tail = width - 1 - head;

	if (!width)
		return;
	if (length <= width) {
		top_grid_put(grid, is_right ? x + width - length : x, y, look, text);
		return;
	}
	/* Names often differ at their ends. */
	for (size_t i = 0; i < length; i++) {
		char one[2] = { next_character(&text), '\0' };

		if (i < head)
			top_grid_put(grid, x + i, y, look, one);
		else if (i == head)
			top_grid_put(grid, x + i, y, look, "~");
		if (i >= length - tail)
			top_grid_put(grid, x + width - (length - i), y, look, one);
	}
}

void top_grid_line(struct top_grid *grid, size_t y, unsigned int look)
{
	for (size_t x = 0; y < grid->height && x < grid->width; x++)
		grid->cells[y * grid->width + x].look = (unsigned char)look;
}
