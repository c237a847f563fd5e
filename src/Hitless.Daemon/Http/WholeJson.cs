using System.Collections;
using System.Text.Json.Serialization.Metadata;
using Hitless.Core.Api;

namespace Hitless.Daemon.Http;

/// <summary>
/// Whether all that must be there is there in what came from elsewhere: JSON may say null, or leave out, whatever a record declares,
/// also in lists. Says it by the same tables that read it, so no record can be forgotten.
/// </summary>
public static class WholeJson
{
    private const int DepthMax = 32;

    /// <summary>Where something is missing: "entries[3].step"; null: nothing is.</summary>
    public static string? Gap(JsonTypeInfo type, object value) => Gap(type, value, "", DepthMax);

    private static string? Gap(JsonTypeInfo type, object value, string place, int depth) =>
        depth == 0
            ? place
            : type.Kind switch
            {
                JsonTypeInfoKind.Object => type
                    .Properties.Select(property => Gap(property, value, place, depth))
                    .FirstOrDefault(gap => gap is not null),
                JsonTypeInfoKind.Enumerable => GapInList(type, (IEnumerable)value, place, depth),
                JsonTypeInfoKind.Dictionary => GapInList(type, ((IDictionary)value).Values, place, depth),
                _ => null,
            };

    private static string? Gap(JsonPropertyInfo property, object owner, string place, int depth)
    {
        if (property.Get is not { } get)
        {
            return null;
        }

        var here = place.Length == 0 ? property.Name : $"{place}.{property.Name}";
        return get(owner) is not { } value || value is IWord { Word: null }
            ? property.IsGetNullable || Nullable.GetUnderlyingType(property.PropertyType) is not null
                ? null
                : here
            : IsPlain(property.PropertyType)
                ? null
                : Gap(property.Options.GetTypeInfo(property.PropertyType), value, here, depth - 1);
    }

    private static string? GapInList(JsonTypeInfo type, IEnumerable items, string place, int depth)
    {
        var element = type.ElementType!;
        var (plain, optional) = (IsPlain(element), Nullable.GetUnderlyingType(element) is not null);
        if (plain && (element.IsValueType || optional))
        {
            return null;
        }

        var of = plain ? null : type.Options.GetTypeInfo(element);
        var at = 0;
        foreach (var item in items)
        {
            var gap =
                item is null ? $"{place}[{at}]"
                : of is null ? null
                : Gap(of, item, $"{place}[{at}]", depth - 1);
            if (gap is not null)
            {
                return gap;
            }

            at++;
        }

        return null;
    }

    private static bool IsPlain(Type type) =>
        type.IsPrimitive
        || type.IsEnum
        || type == typeof(string)
        || type == typeof(byte[])
        || type == typeof(decimal)
        || type == typeof(DateTimeOffset)
        || type == typeof(TimeSpan)
        || (Nullable.GetUnderlyingType(type) is { } inner && IsPlain(inner));
}
