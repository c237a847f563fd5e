using System.Text;
using Hitless.Cli.Client;
using Hitless.Cli.Display;

namespace Hitless.Cli.Commands;

/// <summary>Asks for a password twice without showing it, where somebody is there; else it is one line of standard input.</summary>
internal sealed class PasswordPrompt(Screen screen)
{
    /// <exception cref="RefusedException">The two are not the same, or there is none.</exception>
    public string Read(string user)
    {
        if (Console.IsInputRedirected)
        {
            return Console.In.ReadLine() ?? throw new RefusedException("standard input has no password", "give it as one line");
        }

        var password = Ask($"New password of {user}: ");
        return Ask("The same again: ") == password
            ? password
            : throw new RefusedException("the two passwords are not the same", "nothing was changed; begin again");
    }

    private string Ask(string question)
    {
        screen.Error.Write(question);
        var text = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                text.Length = Math.Max(0, text.Length - 1);
            }
            else if (!char.IsControl(key.KeyChar))
            {
                text.Append(key.KeyChar);
            }
        }

        screen.Error.WriteLine();
        return text.ToString();
    }
}
