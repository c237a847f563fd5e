using System.CommandLine;
using System.Text;

namespace Hitless.Cli.Commands;

/// <summary><c>manual</c>: the page hitless(1), made from the tree of commands; the package is built with it.</summary>
internal static class ManualCommand
{
    public static Command Make(Shell shell)
    {
        var command = shell.Command("manual", "Print the manual page hitless(1), in man(7)", call =>
        {
            call.Screen.Output.Write(Page(call.Command.Parents.OfType<RootCommand>().Single()));
            return Task.FromResult(ExitCode.Done);
        });
        command.Hidden = true;
        return command;
    }

    private static string Page(RootCommand root)
    {
        var page = new StringBuilder();
        page.Append(".TH HITLESS 1\n.SH NAME\nhitless \\- Linux gateways as one cluster that upgrades itself\n");
        page.Append(".SH SYNOPSIS\n.B hitless\n[\\-\\-socket PATH] [\\-\\-json] COMMAND [OPTION...]\n");
        page.Append($".SH DESCRIPTION\n{Text(root.Description)}\n.SH OPTIONS\n");
        root.Options.ToList().ForEach(option => Describe(page, option));
        page.Append(".SH COMMANDS\n");
        root.Subcommands.ToList().ForEach(command => Describe(page, "", command));
        page.Append(
            ".SH EXIT STATUS\n0: done; 1: refused or failed; 2: usage; 3: the unit does not answer; 4: the run ended in a rollback.\n"
        );
        page.Append(".SH FILES\n/etc/hitless/unit.yaml, /var/lib/hitless, /run/hitless/hitless.sock\n");
        return page.Append(".SH SEE ALSO\n.BR hitless\\-boot (8),\n/usr/share/doc/hitless\n").ToString();
    }

    private static void Describe(StringBuilder page, string before, Command command)
    {
        if (command.Hidden)
        {
            return;
        }

        var name = $"{before}{command.Name}";
        if (command.Subcommands.Count > 0)
        {
            command.Subcommands.ToList().ForEach(below => Describe(page, $"{name} ", below));
            return;
        }

        var arguments = string.Concat(command.Arguments.Select(argument => $" {argument.Name}"));
        page.Append($".SS {Text(name)}{Text(arguments)}\n{Text(command.Description)}\n");
        command.Options.ToList().ForEach(option => Describe(page, option));
    }

    private static void Describe(StringBuilder page, Option option)
    {
        if (!option.Hidden)
        {
            page.Append(
                $".TP\n.B {Text(option.Name)}{(option.HelpName is { } value ? $" {Text(value)}" : "")}\n{Text(option.Description)}\n"
            );
        }
    }

    // A line of man(7) that begins with a point or an apostrophe is a request.
    private static string Text(string? text)
    {
        var plain = (text ?? "").Replace("\\", "\\e", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal);
        return plain is ['.' or '\'', ..] ? $"\\&{plain}" : plain;
    }
}
