using System.CommandLine;
using Hitless.Lab.Network;
using Hitless.Lab.Units;
using Spectre.Console;

namespace Hitless.Lab.Commands;

/// <summary><c>web</c>: the web manager on every unit of the lab that is up.</summary>
public static class WebCommand
{
    /// <summary>The command.</summary>
    public static Command Make()
    {
        var user = new Option<string>("--user") { Description = "the administrator's name", DefaultValueFactory = _ => "admin" };
        var password = new Option<string>("--password") { Description = "the password, 12 characters or more", Required = true };
        var command = new Command("web", "Start the web manager on every unit (from now on at each boot too).") { user, password };
        command.SetAction(parsed =>
        {
            var plan = parsed.Plan();
            LabWeb.Up(plan, parsed.GetValue(user)!, parsed.GetValue(password)!);
            Screen.Out.WriteLine(
                $"https://{Addresses.VirtualLan}:{Ports.Web}/ from the client (hitless lab exec client -- …), user {parsed.GetValue(user)}"
            );
            return 0;
        });
        return command;
    }
}
