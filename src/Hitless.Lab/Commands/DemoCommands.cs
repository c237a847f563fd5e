using System.CommandLine;

namespace Hitless.Lab.Commands;

/// <summary>demo</summary>
public static class DemoCommands
{
    public static Command Demo() => new("demo");
    public static Command SwitchoverSeries() => new("switchover-series");
}
