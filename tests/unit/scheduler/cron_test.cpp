// Which expressions are read, what they mean, and what is said of the others.
#include "scheduler/cron.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace muster {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::string fault(const std::string& text) {
    const Result<Cron> cron = Cron::parse(text);
    if (cron.ok()) {
        return "none";
    }
    EXPECT_EQ(cron.error().code, ErrorCode::kUsage) << text;
    EXPECT_FALSE(cron.error().hint.empty()) << text;
    return cron.error().message;
}

std::vector<int> values(std::uint64_t set) {
    std::vector<int> values;
    for (int i = 0; i < 64; ++i) {
        if ((set >> i & 1U) != 0) {
            values.push_back(i);
        }
    }
    return values;
}

CronFields fields(const std::string& text) {
    const Result<Cron> cron = Cron::parse(text);
    EXPECT_TRUE(cron.ok()) << text << ": " << cron.error().message;
    return cron->fields();
}

TEST(Cron, AWrongExpressionNamesItsFieldAndText) {
    EXPECT_EQ(fault("60 * * * *"), "minute '60': 60 is not within 0 to 59");
    EXPECT_EQ(fault("* 24 * * *"), "hour '24': 24 is not within 0 to 23");
    EXPECT_EQ(fault("* * 0 * *"), "day-of-month '0': 0 is not within 1 to 31");
    EXPECT_EQ(fault("* * 32 * *"), "day-of-month '32': 32 is not within 1 to 31");
    EXPECT_EQ(fault("* * * 13 *"), "month '13': 13 is not within 1 to 12");
    EXPECT_EQ(fault("* * * * 8"), "day-of-week '8': 8 is not within 0 to 7");
    EXPECT_EQ(fault("* * * 1,SON *"), "month '1,SON': 'SON' is no value");
    EXPECT_EQ(fault("1,, * * * *"), "minute '1,,': a value is missing");
    EXPECT_EQ(fault("-1 * * * *"), "minute '-1': a value is missing");
    EXPECT_EQ(fault("+1 * * * *"), "minute '+1': '+1' is no value");
    EXPECT_EQ(fault("1-2-3 * * * *"), "minute '1-2-3': '2-3' is no value");
    EXPECT_EQ(fault("99999999999 * * * *"), "minute '99999999999': '99999999999' is no value");
    EXPECT_EQ(fault("* 22-4 * * *"),
              "hour '22-4': the range '22-4' ends before it begins; write two ranges");
    EXPECT_EQ(fault("** * * * *"), "minute '**': '**' is no value");
    EXPECT_EQ(fault("? * * * *"), "minute '?': '?' is no value");
}

TEST(Cron, AStepIsARangesAndWithinTheField) {
    EXPECT_EQ(fault("*/0 * * * *"), "minute '*/0': the step '0' is no number from 1 to 59");
    EXPECT_EQ(fault("*/60 * * * *"), "minute '*/60': the step '60' is no number from 1 to 59");
    EXPECT_EQ(fault("*/ * * * *"), "minute '*/': the step '' is no number from 1 to 59");
    EXPECT_EQ(fault("*/2/3 * * * *"), "minute '*/2/3': the step '2/3' is no number from 1 to 59");
    EXPECT_EQ(fault("5/15 * * * *"),
              "minute '5/15': a step needs a range: write 5-59/15 for every 15 from 5");
}

TEST(Cron, TheNumberOfFieldsIsFive) {
    EXPECT_EQ(fault(""), "'' has 0 fields, not 5");
    EXPECT_EQ(fault("   "), "'' has 0 fields, not 5");
    EXPECT_EQ(fault("* * * *"), "'* * * *' has 4 fields, not 5");
    EXPECT_EQ(fault("0 * * * * *"), "'0 * * * * *' has 6 fields, not 5");
    EXPECT_EQ(fault("@daily *"), "'@daily *' has 2 fields, not 5");
}

TEST(Cron, WhatNeverFiresIsAnError) {
    EXPECT_THAT(fault("0 0 31 2 *"), AllOf(HasSubstr("never fires"), HasSubstr("'31'")));
    EXPECT_THAT(fault("0 0 30,31 FEB *"), HasSubstr("never fires"));
    EXPECT_THAT(fault("0 0 31 4,6,9,11 *"), HasSubstr("never fires"));
    EXPECT_THAT(fault("0 0 31 4-6/2 */2"), HasSubstr("never fires")) << "a star: both must match";
    EXPECT_EQ(fault("0 0 29 2 *"), "none");
    EXPECT_EQ(fault("0 0 31 4,5 *"), "none");
    EXPECT_EQ(fault("0 0 31 2 MON"), "none") << "every Monday of February";
}

TEST(Cron, AnUnknownNicknameIsAnErrorWithASuggestion) {
    EXPECT_EQ(fault("@dayly"), "'@dayly' is not known (did you mean '@daily'?)");
    EXPECT_EQ(fault("@reboot"), "'@reboot' is not known");
}

TEST(Cron, ListsRangesStepsAndNames) {
    EXPECT_THAT(values(fields("0,30,5-7 * * * *").minutes), ElementsAre(0, 5, 6, 7, 30));
    EXPECT_THAT(values(fields("*/25 * * * *").minutes), ElementsAre(0, 25, 50));
    EXPECT_THAT(values(fields("10-20/5,59 * * * *").minutes), ElementsAre(10, 15, 20, 59));
    EXPECT_THAT(values(fields("007 * * * *").minutes), ElementsAre(7));
    EXPECT_THAT(values(fields("0 8-18/5 * * *").hours), ElementsAre(8, 13, 18));
    EXPECT_THAT(values(fields("0 0 * jan,Mar-MAY *").months), ElementsAre(1, 3, 4, 5));
    EXPECT_THAT(values(fields("0 0 * * *").days).size(), 31U);
    EXPECT_THAT(values(fields("0 0 * * *").hours), ElementsAre(0));
    EXPECT_EQ(values(fields("* * * * *").minutes).size(), 60U);
}

TEST(Cron, SundayIsZeroAndSeven) {
    EXPECT_THAT(values(fields("0 0 * * 7").weekdays), ElementsAre(0));
    EXPECT_THAT(values(fields("0 0 * * SUN").weekdays), ElementsAre(0));
    EXPECT_THAT(values(fields("0 0 * * 5-7").weekdays), ElementsAre(0, 5, 6));
    EXPECT_THAT(values(fields("0 0 * * fri-sun").weekdays), ElementsAre(0, 5, 6));
    EXPECT_THAT(values(fields("0 0 * * SUN-MON").weekdays), ElementsAre(0, 1));
    EXPECT_THAT(values(fields("0 0 * * *").weekdays), ElementsAre(0, 1, 2, 3, 4, 5, 6));
}

TEST(Cron, Nicknames) {
    EXPECT_EQ(Cron::parse("@HOURLY")->text(), "@HOURLY");
    EXPECT_FALSE(fields("@hourly").fixed_time);
    EXPECT_TRUE(fields("@daily").fixed_time);
    EXPECT_THAT(values(fields("@weekly").weekdays), ElementsAre(0));
    EXPECT_THAT(values(fields("@monthly").days), ElementsAre(1));
    EXPECT_THAT(values(fields("@yearly").months), ElementsAre(1));
    EXPECT_EQ(fields("@annually").months, fields("@yearly").months);
    EXPECT_EQ(fields("@midnight").hours, fields("@daily").hours);
}

TEST(Cron, AStarAtTheBeginDecides) {
    EXPECT_TRUE(fields("0 3 * * *").fixed_time);
    EXPECT_TRUE(fields("0-59 0-23 * * *").fixed_time);
    EXPECT_FALSE(fields("*/5 3 * * *").fixed_time);
    EXPECT_FALSE(fields("0 */2 * * *").fixed_time);
    EXPECT_TRUE(fields("0 0 13 * FRI").either_day);
    EXPECT_FALSE(fields("0 0 */2 * FRI").either_day);
    EXPECT_FALSE(fields("0 0 13 * *").either_day);
}

TEST(Cron, TheTextIsKeptWithoutFurtherSpaces) {
    EXPECT_EQ(Cron::parse("  0\t3 *  * MON ")->text(), "0 3 * * MON");
}

}  // namespace
}  // namespace muster
