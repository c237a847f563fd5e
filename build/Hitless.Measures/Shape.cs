using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Hitless.Measures;

/// <summary>Measures the shape of a checkout's code, from its syntax alone.</summary>
public static class Shape
{
    private const int Columns = 140;
    private const int TwinLines = 8;
    private const int TwinFields = 3;

    private static readonly HashSet<string> IdNames = new(
        ["unit", "unitId", "peer", "peerId", "id", "tag", "incarnation", "serial"],
        StringComparer.OrdinalIgnoreCase
    );

    private static readonly HashSet<string> States = new(
        [
            .. ((string[])["starting", "syncing", "ready", "draining", "fault", "upgrading", "absent", "primary", "standby", "none"]),
            .. ((string[])["completed", "rolled-back", "failed", "running", "rolling-back", "waiting", "paused"]),
            .. ((string[])["in-sync", "out-of-sync", "unreachable", "unknown", "pass", "warn", "fail", "ok", "degraded", "down"]),
            .. ((string[])["survives", "breaks", "not-needed", "missing", "extra", "bound", "excluded", "local", "follow"]),
        ],
        StringComparer.Ordinal
    );

    /// <summary>Everything that has a limit, offences or not, by rule.</summary>
    public static IEnumerable<Finding> Of(string root)
    {
        var trees = SourceTree.Of(root);
        return
        [
            .. trees.Select(tree => new Finding(Rules.FileLines, tree.Path, tree.Lines)),
            .. trees.SelectMany(Methods),
            .. Fields(trees),
            .. trees.SelectMany(Constructors),
            .. FolderCircles.Of(trees),
            .. trees.Select(tree => new Finding(Rules.WideLines, tree.Path, WideLines(tree.Text))),
            .. Documents(root).Select(path => new Finding(Rules.WideLines, path, WideLines(File.ReadAllText(Path.Combine(root, path))))),
            .. trees.Select(tree => new Finding(Rules.RawIds, tree.Path, RawIds(tree))),
            .. trees.Select(tree => new Finding(Rules.StateLiterals, tree.Path, StateLiterals(tree))),
            .. Twins(Rules.TwinMethods, trees.SelectMany(LongMethods)),
            .. Twins(Rules.TwinRecords, trees.SelectMany(Records)),
        ];
    }

    /// <summary>What breaks a limit, by rule and place.</summary>
    public static IEnumerable<Finding> Offences(string root) =>
        Of(root)
            .Where(finding => finding.Value > Limits.Of[finding.Rule])
            .GroupBy(finding => (finding.Rule, finding.Place))
            .Select(same => same.MaxBy(finding => finding.Value)!)
            .OrderBy(finding => finding.Rule, StringComparer.Ordinal)
            .ThenBy(finding => finding.Place, StringComparer.Ordinal);

    /// <summary>Lines of each project under <c>src</c>.</summary>
    public static IEnumerable<(string Project, long Lines)> Projects(string root) =>
        SourceTree
            .Of(root)
            .GroupBy(tree => tree.Project, StringComparer.Ordinal)
            .Select(project => (project.Key, project.Sum(tree => (long)tree.Lines)));

    private static IEnumerable<string> Documents(string root) =>
        Directory
            .EnumerateFiles(root, "*.md", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(root, file))
            .Where(path => !path.Split('/').Any(part => part is "bin" or "obj" or "out" or ".git"))
            .Order(StringComparer.Ordinal);

    private static long WideLines(string text) => text.Split('\n').Count(line => line.Length > Columns && !line.StartsWith('|'));

    private static IEnumerable<Finding> Methods(SourceTree tree) =>
        from method in tree.Root.DescendantNodes().OfType<BaseMethodDeclarationSyntax>()
        let place = $"{tree.Path} {NameOf(method)}"
        from finding in (Finding[])
            [new(Rules.MethodLines, place, LinesOf(method)), new(Rules.Parameters, place, method.ParameterList.Parameters.Count)]
        select finding;

    private static IEnumerable<Finding> Constructors(SourceTree tree)
    {
        foreach (var type in tree.Root.DescendantNodes().OfType<ClassDeclarationSyntax>())
        {
            var primary = type.ParameterList?.Parameters.Count ?? 0;
            if (primary > 0)
            {
                yield return new Finding(Rules.Parameters, $"{tree.Path} {type.Identifier.Text}", primary);
            }

            var delegates = type
                .Members.OfType<ConstructorDeclarationSyntax>()
                .Select(constructor => constructor.ParameterList)
                .Prepend(type.ParameterList)
                .OfType<ParameterListSyntax>()
                .Select(list => list.Parameters.Count(IsDelegate))
                .DefaultIfEmpty()
                .Max();
            if (delegates > 0)
            {
                yield return new Finding(Rules.DelegateParameters, $"{tree.Path} {type.Identifier.Text}", delegates);
            }
        }
    }

    private static bool IsDelegate(ParameterSyntax parameter) =>
        parameter.Type is { } type
        && (type is NullableTypeSyntax nullable ? nullable.ElementType : type) is var plain
        && plain
            is GenericNameSyntax { Identifier.Text: "Func" or "Action" or "Predicate" }
                or IdentifierNameSyntax { Identifier.Text: "Action" };

    private static IEnumerable<Finding> Fields(IEnumerable<SourceTree> trees) =>
        trees
            .SelectMany(tree => tree.Root.DescendantNodes().OfType<ClassDeclarationSyntax>().Select(type => (Tree: tree, Type: type)))
            .GroupBy(each => $"{each.Tree.Project} {each.Tree.Folder} {each.Type.Identifier.Text}", StringComparer.Ordinal)
            .Select(parts => new Finding(Rules.ClassFields, parts.Key, parts.Sum(each => FieldsOf(each.Type))));

    private static long FieldsOf(ClassDeclarationSyntax type) =>
        type.Members.OfType<FieldDeclarationSyntax>()
            .Where(field => !field.Modifiers.Any(SyntaxKind.StaticKeyword) && !field.Modifiers.Any(SyntaxKind.ConstKeyword))
            .Sum(field => field.Declaration.Variables.Count) + (type.ParameterList?.Parameters.Count ?? 0);

    private static long RawIds(SourceTree tree) =>
        tree
            .Root.DescendantNodes()
            .Count(node =>
                node switch
                {
                    ParameterSyntax { Type: { } type } parameter => IsRaw(type, parameter.Identifier.Text),
                    PropertyDeclarationSyntax property => IsRaw(property.Type, property.Identifier.Text),
                    VariableDeclaratorSyntax { Parent: VariableDeclarationSyntax declaration } variable => IsRaw(
                        declaration.Type,
                        variable.Identifier.Text
                    ),
                    _ => false,
                }
            );

    private static bool IsRaw(TypeSyntax type, string name) =>
        (type is NullableTypeSyntax nullable ? nullable.ElementType : type).ToString() == "ulong" && IdNames.Contains(name.TrimStart('_'));

    // A name for a state (a constant, the value of a type of words, what JSON calls an enum's value) is where its text belongs.
    private static long StateLiterals(SourceTree tree) =>
        tree
            .Root.DescendantNodes()
            .OfType<LiteralExpressionSyntax>()
            .Count(literal =>
                literal.IsKind(SyntaxKind.StringLiteralExpression)
                && States.Contains(literal.Token.ValueText)
                && literal.FirstAncestorOrSelf<AttributeSyntax>() is null
                && !IsName(literal.FirstAncestorOrSelf<FieldDeclarationSyntax>())
                && !IsProse(literal)
            );

    private static bool IsName(FieldDeclarationSyntax? field) =>
        field is not null
        && (
            field.Modifiers.Any(SyntaxKind.ConstKeyword)
            || (field.Parent is TypeDeclarationSyntax type && field.Declaration.Type.ToString() == type.Identifier.Text)
        );

    // A part of a sentence ("link set lan0 down") and the name of a command are no states.
    private static bool IsProse(LiteralExpressionSyntax literal) =>
        literal.FirstAncestorOrSelf<InterpolationSyntax>() is { } hole && !IsCompared(literal, hole)
        || literal.Parent?.Parent?.Parent is ObjectCreationExpressionSyntax { Type: IdentifierNameSyntax { Identifier.Text: "Command" } };

    // In $"{(role == "primary" ? "it is" : "it is not")}" the state is in the question.
    private static bool IsCompared(SyntaxNode literal, SyntaxNode within) =>
        literal
            .AncestorsAndSelf()
            .TakeWhile(node => node != within)
            .Any(node =>
                node is PatternSyntax
                || node.IsKind(SyntaxKind.EqualsExpression)
                || node.IsKind(SyntaxKind.NotEqualsExpression)
                || node.IsKind(SyntaxKind.InvocationExpression)
            );

    private static IEnumerable<(string Place, string Content)> LongMethods(SourceTree tree) =>
        from method in tree.Root.DescendantNodes().OfType<BaseMethodDeclarationSyntax>()
        where LinesOf(method) >= TwinLines
        let body = (SyntaxNode?)method.Body ?? method.ExpressionBody
        where body is not null
        select ($"{tree.Path} {NameOf(method)}", Plain(body));

    private static IEnumerable<(string Place, string Content)> Records(SourceTree tree) =>
        from record in tree.Root.DescendantNodes().OfType<RecordDeclarationSyntax>()
        where record.ParameterList?.Parameters.Count >= TwinFields
        select (
            $"{tree.Path} {record.Identifier.Text}",
            string.Join(',', record.ParameterList!.Parameters.Select(field => $"{field.Type} {field.Identifier.Text}"))
        );

    private static string Plain(SyntaxNode node) => string.Join(' ', node.DescendantTokens().Select(token => token.Text));

    private static IEnumerable<Finding> Twins(string rule, IEnumerable<(string Place, string Content)> all) =>
        all.GroupBy(each => each.Content, StringComparer.Ordinal)
            .Where(same => same.Count() > 1)
            .Select(same => new Finding(rule, string.Join(" = ", same.Select(each => each.Place)), same.Count()));

    private static long LinesOf(SyntaxNode node)
    {
        var span = node.SyntaxTree.GetLineSpan(node.Span);
        return span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
    }

    private static string NameOf(BaseMethodDeclarationSyntax method)
    {
        var type = method.FirstAncestorOrSelf<TypeDeclarationSyntax>()?.Identifier.Text;
        return method switch
        {
            MethodDeclarationSyntax named => $"{type}.{named.Identifier.Text}",
            ConstructorDeclarationSyntax => $"{type} constructor",
            _ => string.Create(CultureInfo.InvariantCulture, $"{type} {method.Kind()}"),
        };
    }
}
