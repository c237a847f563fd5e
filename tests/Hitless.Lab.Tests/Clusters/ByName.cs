using Xunit.Sdk;
using Xunit.v3;

namespace Hitless.Lab.Tests.Clusters;

/// <summary>The tests of a class run in the order of their names: each is the next step on one cluster.</summary>
public sealed class ByName : ITestCaseOrderer
{
    /// <inheritdoc/>
    public IReadOnlyCollection<TTestCase> OrderTestCases<TTestCase>(IReadOnlyCollection<TTestCase> testCases)
        where TTestCase : notnull, ITestCase => [.. testCases.OrderBy(test => test.TestMethod?.MethodName, StringComparer.Ordinal)];
}
