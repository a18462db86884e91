// SPDX-License-Identifier: GPL-2.0
/* out.c: what partctl prints: JSON, YAML, aligned tables, colour on a terminal only. */
#include "partctl.h"

#include <libfyaml.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void print_yaml(const char *json)
{
	struct fy_document *doc = fy_document_build_from_string(NULL, json, FY_NT);
	hp_autofree char *yaml = doc ? fy_emit_document_to_string(doc, FYECF_MODE_BLOCK) : NULL;

	fputs(yaml ? yaml : "null\n", stdout);
	fy_document_destroy(doc);
}

void out_object(const struct run *run, struct json_object *object)
{
	const char *json = json_object_to_json_string_ext(object, run->format == OUT_YAML ? JSON_C_TO_STRING_PLAIN :
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);

	if (run->format == OUT_YAML)
		print_yaml(json);
	else
		puts(json);
	json_object_put(object);
}

const char *out_colour(const struct run *run, enum out_colour colour)
{
	static const char *const codes[] = { "\033[0m", "\033[32m", "\033[33m", "\033[31m", "\033[1m", "\033[2m" };

	return run->use_colour ? codes[colour] : "";
}

struct row {
	char **cells;
	enum out_colour *colours;
};

struct out_table {
	const struct run *run;
	const char *const *headers;
	size_t columns, rows_count;
	struct row *rows;
};

struct out_table *out_table_new(const struct run *run, const char *const *headers)
{
	struct out_table *table = calloc(1, sizeof(*table));

	if (!table)
		abort();
	table->run = run;
	table->headers = headers;
	while (headers[table->columns])
		table->columns++;
	return table;
}

void out_table_row(struct out_table *table, ...)
{
	struct row *rows = reallocarray(table->rows, table->rows_count + 1, sizeof(*rows));
	struct row *row;
	va_list ap;

	if (!rows)
		abort();
	table->rows = rows;
	row = &rows[table->rows_count++];
	row->cells = calloc(table->columns, sizeof(*row->cells));
	row->colours = calloc(table->columns, sizeof(*row->colours));
	if (!row->cells || !row->colours)
		abort();
	va_start(ap, table);
	for (size_t c = 0; c < table->columns; c++) {
		const char *cell = va_arg(ap, const char *);

		row->cells[c] = strdup(cell && *cell ? cell : "-");
	}
	va_end(ap);
}

void out_table_colour(struct out_table *table, int column, enum out_colour colour)
{
	if (table->rows_count)
		table->rows[table->rows_count - 1].colours[column] = colour;
}

/* Printed width: UTF-8 continuation bytes take no column. */
static int width_of(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static void print_cell(const struct out_table *table, const char *text, int width, bool right, bool last,
		       enum out_colour colour, FILE *out)
{
	int pad = width - width_of(text);

	if (pad < 0)
		pad = 0;
	if (right)
		fprintf(out, "%*s", pad, "");
	if (colour != OUT_PLAIN)
		fprintf(out, "%s%s%s", out_colour(table->run, colour), text, out_colour(table->run, OUT_PLAIN));
	else
		fputs(text, out);
	if (!last)
		fprintf(out, "%*s", right ? 2 : pad + 2, "");
}

static void free_table(struct out_table *table)
{
	for (size_t r = 0; r < table->rows_count; r++) {
		for (size_t c = 0; c < table->columns; c++)
			free(table->rows[r].cells[c]);
		free(table->rows[r].cells);
		free(table->rows[r].colours);
	}
	free(table->rows);
	free(table);
}

void out_table_print(struct out_table *table, FILE *out)
{
	hp_autofree int *widths = calloc(table->columns, sizeof(*widths));

	if (!widths)
		abort();
	for (size_t c = 0; c < table->columns; c++) {
		const char *header = table->headers[c];

		widths[c] = width_of(header + (header[0] == '>'));
		for (size_t r = 0; r < table->rows_count; r++)
			if (width_of(table->rows[r].cells[c]) > widths[c])
				widths[c] = width_of(table->rows[r].cells[c]);
	}
	for (size_t c = 0; c < table->columns; c++) {
		bool right = table->headers[c][0] == '>';

		print_cell(table, table->headers[c] + right, widths[c], right, c + 1 == table->columns, OUT_BOLD, out);
	}
	fputc('\n', out);
	for (size_t r = 0; r < table->rows_count; r++) {
		for (size_t c = 0; c < table->columns; c++)
			print_cell(table, table->rows[r].cells[c], widths[c], table->headers[c][0] == '>',
				   c + 1 == table->columns, table->rows[r].colours[c], out);
		fputc('\n', out);
	}
	free_table(table);
}
