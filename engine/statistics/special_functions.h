// Functions of mathematics that the standard library lacks.
#pragma once

namespace footfall::statistics {

// The derivative of log gamma, for x > 0; about 14 digits.
double digamma(double x);

// The quantile of the standard normal distribution, 0 < p < 1.
double normalQuantile(double p);

// P(|Z| >= |z|) of a standard normal Z.
double twoSidedNormalTail(double z);

// (1 - z)^a * 2F1(a, b; c; z) for 0 <= z < 1, a > 0, b > 0 and c no integer <= 0. The factor comes
// with it because the series alone overflows where the product is a probability.
double damped2F1(double a, double b, double c, double z);

}  // namespace footfall::statistics
