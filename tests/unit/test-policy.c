// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "device/policy.h"
#include "unit.h"

static void test_user_spellings(void **state)
{
	static const struct {
		const char *text;
		enum policy policy;
	} right[] = {
		{ "default", POLICY_DEFAULT },
		{ "offline", POLICY_OFFLINE },
		{ "online", POLICY_ONLINE },
		{ "online_kernel", POLICY_ONLINE_KERNEL },
		{ "online-kernel", POLICY_ONLINE_KERNEL },
		{ "kernel", POLICY_ONLINE_KERNEL },
		{ "online_movable", POLICY_ONLINE_MOVABLE },
		{ "online-movable", POLICY_ONLINE_MOVABLE },
		{ "movable", POLICY_ONLINE_MOVABLE },
		{ "unplugged", POLICY_UNPLUGGED },
	};
	enum policy policy;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(right); i++) {
		assert_int_equal(policy_from_user(right[i].text, &policy), 0);
		assert_int_equal(policy, right[i].policy);
	}
}

static void test_wrong_spellings(void **state)
{
	static const char *const wrong[] = {
		"",	     " ",	"Online", "ONLINE_MOVABLE",  "online_movable ", "online_",
		"onlin",     "movabl",	"-1",	  "online+movable",  "online__movable", "off",
		"default\n", "kernel_", "unplug", "online_movablee", "-online",		"movable-",
	};
	enum policy policy;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(policy_from_user(wrong[i], &policy), -EINVAL);
}

static void test_kernel_strings(void **state)
{
	enum policy policy;
	char names[100] = "";

	(void)state;
	for (enum policy i = POLICY_DEFAULT; i <= POLICY_UNPLUGGED; i++) {
		assert_int_equal(policy_from_kernel(policy_name(i), &policy), 0);
		assert_int_equal(policy, i);
		strcat(names, i ? ", " : "");
		strcat(names, policy_name(i));
	}
	assert_string_equal(names, policy_names);
	assert_int_equal(policy_from_kernel("movable", &policy), -EINVAL);
	assert_int_equal(policy_from_kernel("online-movable", &policy), -EINVAL);
	assert_int_equal(policy_from_kernel("", &policy), -EINVAL);
}

static void test_online(void **state)
{
	(void)state;
	assert_false(policy_is_online(POLICY_DEFAULT));
	assert_false(policy_is_online(POLICY_OFFLINE));
	assert_false(policy_is_online(POLICY_UNPLUGGED));
	assert_true(policy_is_online(POLICY_ONLINE));
	assert_true(policy_is_online(POLICY_ONLINE_KERNEL));
	assert_true(policy_is_online(POLICY_ONLINE_MOVABLE));
}

static void test_help(void **state)
{
	(void)state;
	for (enum policy policy = POLICY_DEFAULT; policy <= POLICY_UNPLUGGED; policy++) {
		const char *short_name = policy_short_name(policy);
		enum policy understood;

		assert_true(strlen(policy_help(policy)) > 0);
		assert_non_null(strstr(policy_names, policy_name(policy)));
		if (!short_name)
			continue;
		assert_int_equal(policy_from_user(short_name, &understood), 0);
		assert_int_equal(understood, policy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("every policy has words that explain it", test_help),
		TEST("a policy is understood in every spelling that is documented",
		     test_user_spellings),
		TEST("nothing else is taken for a policy", test_wrong_spellings),
		TEST("the kernel's strings are understood exactly, and survive the way there and "
		     "back",
		     test_kernel_strings),
		TEST("only the online policies count as online", test_online),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
