using System.Runtime.CompilerServices;
using Xunit;
using Xunit.v3;

namespace Hitless.Lab.Tests.Machine;

/// <summary>
/// A fact about a lab of its own. A trial that fails while the machine stood still is void: it is made again (<see cref="ScenarioCase"/>).
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer(typeof(ScenarioDiscoverer))]
public sealed class ScenarioAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1) : FactAttribute(file, line);

/// <summary>The same for a theory.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer(typeof(ScenariosDiscoverer))]
public sealed class ScenariosAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
    : TheoryAttribute(file, line);
