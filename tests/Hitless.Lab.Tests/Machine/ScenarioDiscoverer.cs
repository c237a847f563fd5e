using Xunit;
using Xunit.Sdk;
using Xunit.v3;

namespace Hitless.Lab.Tests.Machine;

/// <summary>Finds the case of a <see cref="ScenarioAttribute"/>.</summary>
public sealed class ScenarioDiscoverer : FactDiscoverer
{
    /// <inheritdoc/>
    protected override IXunitTestCase CreateTestCase(
        ITestFrameworkDiscoveryOptions discoveryOptions,
        IXunitTestMethod testMethod,
        IFactAttribute factAttribute
    ) => new ScenarioCase((XunitTestCase)base.CreateTestCase(discoveryOptions, testMethod, factAttribute));
}

/// <summary>Finds the cases of a <see cref="ScenariosAttribute"/>.</summary>
public sealed class ScenariosDiscoverer : TheoryDiscoverer
{
    /// <inheritdoc/>
    protected override async ValueTask<IReadOnlyCollection<IXunitTestCase>> CreateTestCasesForDataRow(
        ITestFrameworkDiscoveryOptions discoveryOptions,
        IXunitTestMethod testMethod,
        ITheoryAttribute theoryAttribute,
        ITheoryDataRow dataRow,
        object?[] testMethodArguments
    ) =>
        [
            .. (await base.CreateTestCasesForDataRow(discoveryOptions, testMethod, theoryAttribute, dataRow, testMethodArguments)).Select(
                each => new ScenarioCase((XunitTestCase)each)
            ),
        ];
}
