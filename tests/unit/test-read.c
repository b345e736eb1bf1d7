// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "config/read.h"
#include "unit.h"

static void write_file(const char *directory, const char *name, const char *text)
{
	char path[128];
	FILE *stream;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	stream = fopen(path, "w");
	if (!stream)
		abort(); /* which clang-tidy knows not to return */
	fputs(text, stream);
	fclose(stream);
}

/* A mistake in one file does not hide that another has keys of ours, nor is it the last's. */
static void assert_mistake(const char *directory, const char *a, const char *b, const char *where)
{
	struct config config;
	struct problem problem;

	write_file(directory, "a.conf", a);
	write_file(directory, "b.conf", b);
	assert_int_equal(config_read(&config, directory, &problem), -EINVAL);
	assert_true(config.has_ours);
	assert_non_null(strstr(problem.text, where));
	config_free(&config);
}

static void test_directory(void **state)
{
	char directory[] = "/tmp/test-config.XXXXXX", command[64];
	struct config config;
	struct problem problem;

	(void)state;
	assert_non_null(mkdtemp(directory));
	write_file(directory, "b.conf", "[reconfigure-device second]\ndax.path = b\n");
	write_file(directory, "a.conf", "[reconfigure-device first]\ndax.path = a\n");
	write_file(directory, ".hidden.conf", "nonsense");
	write_file(directory, "a.conf.dpkg-old", "nonsense");
	write_file(directory, ".conf", "nonsense");
	assert_int_equal(config_read(&config, directory, &problem), 0);
	assert_int_equal(config.nr, 2);
	assert_string_equal(config.section[0].name, "first");
	assert_string_equal(config.section[1].name, "second");
	config_free(&config);

	assert_mistake(directory, "nonsense\n",
		       "[reconfigure-device x]\ndax.path = b\nmore nonsense\n", "/a.conf:1: ");
	/* In the name of the section itself. */
	assert_mistake(directory, "nobodys = 1\n", "[reconfigure-device x\ndax.path = b\n",
		       "/b.conf:1: ");

	snprintf(command, sizeof(command), "rm -r %s", directory);
	assert_int_equal(system(command), 0);
	assert_int_equal(config_read(&config, directory, &problem), 0);
	assert_int_equal(config.nr, 0);
	config_free(&config);
}

/* Runs a command in a new directory, and reads the configuration there. */
static int read_after(const char *command, struct config *config, struct problem *problem)
{
	char directory[] = "/tmp/test-read.XXXXXX", line[512];
	int rc;

	assert_non_null(mkdtemp(directory));
	snprintf(line, sizeof(line), "cd %s && { %s; }", directory, command);
	assert_int_equal(system(line), 0);
	*problem = (struct problem){ 0 };
	rc = config_read(config, directory, problem);
	snprintf(line, sizeof(line), "rm -rf %s", directory);
	assert_int_equal(system(line), 0);
	return rc;
}

/* "[reconfigure-device x]" with this line, which is a mistake, in a.conf. */
#define MISTAKE "printf '[reconfigure-device x]\\ndax.path = x\\nbogus\\n' >a.conf; "

static void test_unreadable(void **state)
{
	static const struct {
		const char *command;
		int rc;
		const char *text;
	} cases[] = {
		{ "mkdir b.conf", -EISDIR, "/b.conf: Is a directory" },
		{ "ln -s nowhere b.conf", -ENOENT, "/b.conf: it is a link to what does not exist" },
		{ "ln -s b.conf b.conf", -ELOOP, "/b.conf: Too many levels" },
		{ "mkfifo b.conf", -EINVAL, "/b.conf is not a regular file" },
		{ "ln -s /dev/zero b.conf", -EINVAL, "/b.conf is not a regular file" },
		{ "head -c 1048577 /dev/zero | tr '\\0' '#' >b.conf", -EFBIG,
		  "/b.conf is larger than 1048576 bytes" },
		{ "printf 'a\\0b' >b.conf", -EINVAL, "/b.conf is not a text file" },
		/* A mistake of before that does not hide it. */
		{ MISTAKE "mkdir b.conf", -EISDIR, "/b.conf: Is a directory" },
		{ MISTAKE "mkdir b.conf; ln -s nowhere c.conf", -EISDIR,
		  "/b.conf: Is a directory" },
		{ "mkdir b.conf; printf 'bogus\\n' >c.conf", -EISDIR, "/b.conf: Is a directory" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct problem problem;
		struct config config;

		assert_int_equal(read_after(cases[i].command, &config, &problem), cases[i].rc);
		assert_true(config.is_unreadable);
		if (!strstr(problem.text, cases[i].text))
			fail_msg("%s: %s", cases[i].command, problem.text);
		assert_int_equal(problem.err, cases[i].rc);
		config_free(&config);
	}
}

static void test_readable(void **state)
{
	static const char *const commands[] = {
		":",
		"ln -s /dev/null b.conf",
		"head -c 1048576 /dev/zero | tr '\\0' '#' >b.conf",
		"printf '[a]\\n' >b; ln -s b b.conf",
		"mkdir b.conf.d .b.conf; ln -s nowhere .c.conf",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		struct problem problem;
		struct config config;

		if (read_after(commands[i], &config, &problem) != 0)
			fail_msg("%s: %s", commands[i], problem.text);
		assert_false(config.is_unreadable);
		config_free(&config);
	}
}

/* Only a directory that is not there is fine. */
static void test_no_directory(void **state)
{
	char base[] = "/tmp/test-read.XXXXXX", path[64], command[64];
	struct problem problem;
	struct config config;

	(void)state;
	assert_non_null(mkdtemp(base));
	snprintf(path, sizeof(path), "%s/d", base);
	assert_int_equal(config_read(&config, path, &problem), 0);
	config_free(&config);
	assert_int_equal(symlink("nowhere", path), 0);
	assert_int_equal(config_read(&config, path, &problem), -ENOENT);
	assert_true(config.is_unreadable);
	config_free(&config);
	assert_int_equal(unlink(path), 0);
	write_file(base, "d", "");
	assert_int_equal(config_read(&config, path, &problem), -ENOTDIR);
	assert_true(config.is_unreadable);
	config_free(&config);
	snprintf(command, sizeof(command), "rm -rf %s", base);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("the files of a directory are read in the order of their names",
		     test_directory),
		TEST("what cannot be read is an error that names the file", test_unreadable),
		TEST("what can be read is, up to 1 MiB", test_readable),
		TEST("only a directory that is missing is no configuration", test_no_directory),
	};

	return cmocka_run_group_tests_name("read", tests, NULL, NULL);
}
