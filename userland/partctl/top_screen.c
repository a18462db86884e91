// SPDX-License-Identifier: GPL-2.0
/* top_screen.c: the terminal of partctl top, through ncurses. */
#include "top_screen.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>
#include "base/hp_auto.h"
#include "base/hp_text.h"

static SCREEN *screen;
static bool has_colour;

/* Each look with colours and without. */
static const struct {
	short ink, paper;		/* -1 = the terminal's own */
	attr_t with, without;
} looks[TOP_LOOKS] = {
	[TOP_PLAIN] = { -1, -1, A_NORMAL, A_NORMAL },
	[TOP_BOLD] = { -1, -1, A_BOLD, A_BOLD },
	[TOP_DIM] = { -1, -1, A_DIM, A_NORMAL },
	[TOP_GOOD] = { COLOR_GREEN, -1, A_NORMAL, A_NORMAL },
	[TOP_BAD] = { COLOR_YELLOW, -1, A_BOLD, A_BOLD },
	[TOP_HEAT] = { -1, -1, A_NORMAL, A_NORMAL },
	[TOP_HEAT + 1] = { COLOR_CYAN, -1, A_NORMAL, A_NORMAL },
	[TOP_HEAT + 2] = { COLOR_YELLOW, -1, A_NORMAL, A_NORMAL },
	[TOP_HEAT + 3] = { COLOR_BLACK, COLOR_YELLOW, A_NORMAL, A_BOLD },
	[TOP_HEAT + 4] = { COLOR_WHITE, COLOR_RED, A_BOLD, A_REVERSE },
};

static int refuse(struct hp_err *err, const char *why)
{
	hp_err_usage(err, "partctl: top: %s", why);
	hp_err_hint(err, "one look as text or as an object: partctl top --once");
	return -err->errnum;
}

int top_screen_check(struct hp_err *err)
{
	hp_autofree char *text = NULL;
	const char *name = getenv("TERM");
	int status;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return refuse(err, "standard input and output are not both a terminal");
	if (!name || !*name)
		return refuse(err, "TERM is not set: what the terminal can do is not known");
	if (setupterm(NULL, STDOUT_FILENO, &status) == OK && cursor_address)
		return 0;
	text = hp_format("a terminal of the kind TERM=%.40s %s", name,
			 status == 1 ? "cannot place its cursor" : "is not known here");
	return refuse(err, text ? text : "this terminal will not do");
}

static void start_colours(bool use_colour)
{
	has_colour = use_colour && has_colors() && start_color() == OK && COLORS >= 8;
	if (!has_colour)
		return;
	use_default_colors();
	for (short i = 0; i < TOP_LOOKS; i++)
		init_pair((short)(i + 1), looks[i].ink, looks[i].paper);
}

int top_screen_open(bool use_colour, struct hp_err *err)
{
	int ret = top_screen_check(err);

	if (ret)
		return ret;
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return refuse(err, "this terminal will not do");
	set_term(screen);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(50);
	curs_set(0);
	start_colours(use_colour);
	return 0;
}

void top_screen_close(void)
{
	if (!screen)
		return;
	endwin();
	delscreen(screen);
	screen = NULL;
}

int top_screen_grid(struct top_grid *grid)
{
	int height, width;

	getmaxyx(stdscr, height, width);
	return top_grid_init(grid, (size_t)width, (size_t)height);
}

static chtype attributes(unsigned int look)
{
	unsigned int base = look & ~(unsigned int)TOP_REVERSE;
	chtype attrs = has_colour ? looks[base].with | (chtype)COLOR_PAIR(base + 1) : looks[base].without;

	return look & TOP_REVERSE ? attrs ^ A_REVERSE : attrs;
}

void top_screen_show(const struct top_grid *grid)
{
	for (size_t y = 0; y < grid->height; y++)
		for (size_t x = 0; x < grid->width; x++) {
			const struct top_cell *cell = &grid->cells[y * grid->width + x];

			mvaddch((int)y, (int)x, (chtype)(unsigned char)cell->c | attributes(cell->look));
		}
	refresh();
}

static const struct {
	int code, key;
} keys[] = {
	{ 'q', TOP_KEY_QUIT },		{ 'Q', TOP_KEY_QUIT },		{ 'h', TOP_KEY_HELP },		{ '?', TOP_KEY_HELP },
	{ KEY_F(1), TOP_KEY_HELP },	{ 'k', TOP_KEY_UP },		{ KEY_UP, TOP_KEY_UP },		{ 'j', TOP_KEY_DOWN },
	{ KEY_DOWN, TOP_KEY_DOWN },	{ KEY_LEFT, TOP_KEY_LEFT },	{ KEY_RIGHT, TOP_KEY_RIGHT },	{ '<', TOP_KEY_LEFT },
	{ '>', TOP_KEY_RIGHT },		{ KEY_PPAGE, TOP_KEY_PAGE_UP },	{ KEY_NPAGE, TOP_KEY_PAGE_DOWN },
	{ KEY_HOME, TOP_KEY_FIRST },	{ KEY_END, TOP_KEY_LAST },	{ '\t', TOP_KEY_NEXT },		{ KEY_BTAB, TOP_KEY_PREVIOUS },
	{ '1', TOP_KEY_VIEW + TOP_OVERVIEW },	{ '2', TOP_KEY_VIEW + TOP_BLAME },	{ '3', TOP_KEY_VIEW + TOP_LATENCY },
	{ '4', TOP_KEY_VIEW + TOP_EVENTS },	{ 's', TOP_KEY_SORT },		{ 'r', TOP_KEY_RESOURCE },
	{ 'p', TOP_KEY_PAUSE },		{ ' ', TOP_KEY_PAUSE },		{ '+', TOP_KEY_LONGER },	{ '=', TOP_KEY_LONGER },
	{ '-', TOP_KEY_SHORTER },
};

int top_screen_key(void)
{
	int code = getch();

	if (code == ERR)
		return -1;
	for (size_t i = 0; i < hp_array_size(keys); i++)
		if (keys[i].code == code)
			return keys[i].key;
	/* What is on the screen after a resize is not what curses believes. */
	if (code == KEY_RESIZE || code == '\f')
		clearok(stdscr, TRUE);
	return TOP_KEY_NONE;
}
