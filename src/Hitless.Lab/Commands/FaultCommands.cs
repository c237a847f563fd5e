using System.CommandLine;
using Hitless.Lab.Network;
using Hitless.Lab.Units;

namespace Hitless.Lab.Commands;

/// <summary><c>fault …</c>: what can happen to a unit.</summary>
public static class FaultCommands
{
    /// <summary><c>fault</c> with one subcommand per fault.</summary>
    public static Command Fault()
    {
        var fault = new Command("fault", "Do something bad to a unit.");
        fault.Subcommands.Add(OnUnit("kill", "kill -9 of the daemon; hitless-boot starts it again", Faults.Kill));
        fault.Subcommands.Add(OnUnit("poweroff", "every cable dead, every process gone, the kernel empty", Faults.PowerOff));
        fault.Subcommands.Add(OnUnit("poweron", "after poweroff", Faults.PowerOn));
        fault.Subcommands.Add(OnUnit("reboot", "off and on again, cables stay in", UnitPower.Restart));
        fault.Subcommands.Add(
            OnUnit("freeze", "stop every process of the unit; the kernel goes on forwarding", unit => Faults.Freeze(unit, frozen: true))
        );
        fault.Subcommands.Add(OnUnit("thaw", "after freeze", unit => Faults.Freeze(unit, frozen: false)));
        fault.Subcommands.Add(OnPort("link-down", "pull a cable at the switch", up: false));
        fault.Subcommands.Add(OnPort("link-up", "plug it in again", up: true));
        fault.Subcommands.Add(
            OnUnit("disk-full", "not a byte is free in /var/lib/hitless; needs `lab up --disk`", unit => UnitDisk.Fill(unit, full: true))
        );
        fault.Subcommands.Add(OnUnit("disk-free", "after disk-full", unit => UnitDisk.Fill(unit, full: false)));
        fault.Subcommands.Add(Drop());
        return fault;
    }

    private static Command OnUnit(string name, string description, Action<LabUnit> act)
    {
        var unit = new Argument<string>("unit");
        var command = new Command(name, description) { unit };
        command.SetAction(parsed =>
        {
            act(Unit(parsed, unit));
            return 0;
        });
        return command;
    }

    private static Command OnPort(string name, string description, bool up)
    {
        var unit = new Argument<string>("unit");
        var ports = new Argument<string[]>("port") { Description = "lan0, wan0, hb0…; none: all", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command(name, description) { unit, ports };
        command.SetAction(parsed =>
        {
            var target = Unit(parsed, unit);
            var named = parsed.GetValue(ports) ?? [];
            Faults.SetCables(target, named.Length > 0 ? named : target.Plan.UnitPorts, up);
            return 0;
        });
        return command;
    }

    private static Command Drop()
    {
        var unit = new Argument<string>("unit");
        var port = new Argument<string>("port");
        var percent = new Argument<int>("percent") { Description = "0 to 100; 0 ends it" };
        var direction = new Option<string>("--direction")
        {
            Description = "out (from the unit), in (to the unit) or both",
            DefaultValueFactory = _ => "both",
        };
        direction.AcceptOnlyFromAmong("out", "in", "both");
        var command = new Command("drop", "lose a part of a port's frames") { unit, port, percent, direction };
        command.SetAction(parsed =>
        {
            var which = parsed.GetValue(direction);
            Faults.Drop(
                Unit(parsed, unit),
                parsed.GetValue(port)!,
                parsed.GetValue(percent),
                which is "out" or "both",
                which is "in" or "both"
            );
            return 0;
        });
        return command;
    }

    private static LabUnit Unit(ParseResult parsed, Argument<string> argument)
    {
        var plan = parsed.Plan();
        return new LabUnit(plan, plan.RequireUnit(parsed.GetValue(argument)!));
    }
}
