using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Hitless.Core.Api;
using Hitless.Core.Configuration;
using Hitless.Daemon.Configuration.Yaml;

namespace Hitless.Daemon.Configuration;

/// <summary>
/// This version's converter, <c>hitlessd --convert-configuration</c>: reads a configuration as an older version left it (JSON of a
/// <see cref="ConversionQuestion"/>) and says what it has understood, statement by statement. It touches nothing on disk.
/// </summary>
public static class ConfigurationConverter
{
    /// <summary>The option of hitlessd.</summary>
    public const string Option = "--convert-configuration";

    /// <summary>Runs as that process; the exit code.</summary>
    public static int Run(Stream input, TextWriter output, TextWriter errors)
    {
        try
        {
            var question = JsonSerializer.Deserialize(input, RevisionJson.Default.ConversionQuestion)
                ?? throw new JsonException("nothing was given");
            if (Convert(question, out var problems) is not { } statements)
            {
                errors.Write(string.Concat(problems.Select(p => $"{p}\n")));
                return 1;
            }

            output.Write(ConversionPreview.Write(statements));
            return 0;
        }
        catch (JsonException e)
        {
            errors.WriteLine($"the configuration was not understood: {e.Message}");
            return 2;
        }
    }

    /// <summary>The statements of a configuration; null if this version refuses it.</summary>
    public static IReadOnlyList<Statement>? Convert(ConversionQuestion question, out IReadOnlyList<UnitFileProblem> problems)
    {
        if (
            UnitFile.TryReadSection(
                question.UnitFile,
                question.UnitFilePath,
                question.Files.FirstOrDefault(f => f is { Path: ClusterFile.Path, Absent: false })?.Content,
                out problems
            )
            is not { } root
        )
        {
            return null;
        }

        var statements = Statements(root);
        foreach (var file in question.Files)
        {
            var key = $"files[{file.Path}]";
            statements.Add(new($"{key}.content", System.Convert.ToHexStringLower(SHA256.HashData(file.Content))));
            (string Name, string? Value)[] said =
            [
                ("check", file.Check),
                ("apply", file.Apply),
                ("verify", file.Verify),
                ("mode", file.Mode),
                ("owner", file.Owner),
            ];
            statements.AddRange(said.Where(s => s.Value is not null).Select(s => new Statement($"{key}.{s.Name}", OneLine(s.Value!))));
            statements.Add(new($"{key}.order", $"{file.Order}"));
            statements.AddRange(
                new[] { ("template", file.Template), (RevisionSchema.AbsentKey, file.Absent), ("secret", file.Secret) }
                    .Where(s => s.Item2)
                    .Select(s => new Statement($"{key}.{s.Item1}", "true"))
            );
        }

        return statements;
    }

    /// <summary>What unit.yaml says, statement by statement.</summary>
    public static List<Statement> Statements(Section root)
    {
        var statements = new List<Statement>();
        Add(statements, "", root);
        return statements;
    }

    private static void Add(List<Statement> statements, string key, object value)
    {
        switch (value)
        {
            case Section section:
                foreach (var (name, located) in section.Values)
                {
                    Add(statements, key.Length == 0 ? name : $"{key}.{name}", located.Value);
                }

                break;
            case Dictionary<string, Located> map:
                foreach (var (name, located) in map)
                {
                    Add(statements, $"{key}.{name}", located.Value);
                }

                break;
            case List<Located> list:
                for (var i = 0; i < list.Count; i++)
                {
                    Add(statements, $"{key}[{NameOf(list[i].Value) ?? $"{i + 1}"}]", list[i].Value);
                }

                break;
            default:
                statements.Add(new(key, OneLine(Text(value))));
                break;
        }
    }

    private static string? NameOf(object item) =>
        item is Section section ? (section.Find("name") ?? section.Find("path") ?? section.Find("interface"))?.Value as string : null;

    private static string Text(object value) =>
        value switch
        {
            TimeSpan duration => Scalars.Format(duration),
            bool flag => flag ? "true" : "false",
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => value.ToString() ?? "",
        };

    private static string OneLine(string text) =>
        new StringBuilder(text).Replace("\\", @"\\").Replace("\n", @"\n").Replace("\r", @"\r").ToString();
}
