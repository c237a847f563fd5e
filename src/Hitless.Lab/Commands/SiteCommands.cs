using System.CommandLine;
using Hitless.Lab.Network;
using Hitless.Lab.Tools;
using Hitless.Lab.Units;
using Hitless.Lab.Units.Machines;
using Spectre.Console;

namespace Hitless.Lab.Commands;

/// <summary><c>up, down, status, exec</c>, and the hidden <c>reset-unit</c> that a unit's hitless-boot reboots with.</summary>
public static class SiteCommands
{
    /// <summary><c>up</c>.</summary>
    public static Command Up()
    {
        var options = new UpOptions();
        var image = new Option<string?>("--image")
        {
            Description = "the image in every unit's slot a; default: the oldest beside the binaries",
        };
        var router = new Option<bool>("--static-router")
        {
            Description = "gw1 is a plain router without Hitless (to try the traffic programs)",
        };
        var command = new Command("up", "Make the lab: namespaces, switches, hosts and units.") { image, router };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var plan = options.Plan(parsed, parsed.GetValue(image), parsed.GetValue(router));
            LabSite.Up(plan, Screen.Out.WriteLine);
            Show(plan);
            return 0;
        });
        return command;
    }

    /// <summary><c>down</c>.</summary>
    public static Command Down()
    {
        var command = new Command("down", "Remove the lab: its processes, namespaces and files.");
        command.SetAction(parsed =>
        {
            LabSite.Down(parsed.GetValue(CommonOptions.Root)!, parsed.GetValue(CommonOptions.Name)!);
            return 0;
        });
        return command;
    }

    /// <summary><c>status</c>.</summary>
    public static Command Status()
    {
        var command = new Command("status", "What stands, what runs, and where the logs are.");
        command.SetAction(parsed =>
        {
            Show(parsed.Plan());
            return 0;
        });
        return command;
    }

    /// <summary><c>exec NODE -- CMD…</c>.</summary>
    public static Command Exec()
    {
        var node = new Argument<string>("node") { Description = "switch, client, server or a unit" };
        var words = new Argument<string[]>("command")
        {
            Description = "the command and its arguments, after --",
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new Command(
            "exec",
            "Run a command inside a node; in a unit /etc/hitless, /var/lib/hitless and /run/hitless are the unit's own."
        )
        {
            node,
            words,
        };
        command.SetAction(parsed =>
        {
            var plan = parsed.Plan();
            var name = parsed.GetValue(node)!;
            var what = parsed.GetValue(words)!;
            var path = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["PATH"] = $"{plan.Binaries}:{Environment.GetEnvironmentVariable("PATH")}",
            };
            return name is LabPlan.Switch or LabPlan.Client or LabPlan.Server
                ? Tool.Attach("ip", ["netns", "exec", plan.NamespaceOf(name), .. what], path)
                : Tool.Attach("ip", new LabUnit(plan, plan.RequireUnit(name)).Inside(what), path);
        });
        return command;
    }

    /// <summary>
    /// <c>reset-unit UNIT</c>: a reboot. Called from inside the unit by what it is about to kill, so it does its work in a session of its
    /// own.
    /// </summary>
    public static Command ResetUnit()
    {
        var unit = new Argument<string>("unit");
        var detached = new Option<bool>("--detached") { Hidden = true };
        var command = new Command("reset-unit", "Restart a unit as a reboot would.") { unit, detached };
        command.SetAction(parsed =>
        {
            var target = new LabUnit(parsed.Plan(), parsed.Plan().RequireUnit(parsed.GetValue(unit)!));
            if (parsed.GetValue(detached))
            {
                UnitPower.Restart(target);
                return 0;
            }

            UnitPower.Note(target, "reboot asked for");
            string[] again =
            [
                .. LabProgram.Command,
                "reset-unit",
                target.Name,
                "--detached",
                "--name",
                target.Plan.Name,
                "--root",
                parsed.GetValue(CommonOptions.Root)!,
            ];

            // Inside the unit this wait ends with our own death; hitless-boot must not start anything meanwhile.
            return Tool.Attach(
                "sh",
                ["-c", "log=$1; shift; exec setsid \"$@\" >>\"$log\" 2>&1 </dev/null", "reset-unit", target.Log, .. again]
            );
        });
        return command;
    }

    private static void Show(LabPlan plan)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("node", "namespace", "processes", "log");
        foreach (var node in plan.Nodes)
        {
            var name = plan.NamespaceOf(node);
            var processes = Namespaces.Exists(name) ? string.Join(' ', Namespaces.Processes(name)) : "no namespace";
            table.AddRow(node, name, Markup.Escape(processes), plan.Units.Contains(node) ? new LabUnit(plan, node).Log : "");
        }

        Screen.Out.Write(table);
        foreach (var unit in LabSite.UnitsOf(plan).Where(_ => !plan.StaticRouter))
        {
            Screen.Out.WriteLine(unit.Platform.Describe(unit));
        }
    }
}
