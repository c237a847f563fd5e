using Hitless.Core.Firmware;
using Hitless.Core.Roles;
using Hitless.Core.Wire;

namespace Hitless.Core.Rights;

/// <summary>
/// Requests and answers as bytes: one for the kind, then the fields in order. Numbers are in network byte order, texts UTF-8 after 32 bits
/// of length, and what is null has a length of all ones. Both ends are the same program, so there are no versions.
/// </summary>
public static class ApplyCodec
{
    private const int UnitsMax = 256;

    private enum RequestKind : byte
    {
        Ping = 1,
        ReadFile,
        WriteFile,
        DeleteFile,
        RunFileCommand,
        Propose,
        RunHook,
        RunSystemctl,
        RunProbe,
        Convert,
        RunRecipe,
        Stop,
    }

    private enum AnswerKind : byte
    {
        Ready = 1,
        Done,
        Refused,
        File,
        Started,
        Ended,
        Converted,
    }

    /// <summary>A request as bytes.</summary>
    public static byte[] Encode(ApplyRequest request)
    {
        var to = new FieldWriter();
        _ = request switch
        {
            ApplyRequest.Ping => to.Kind((byte)RequestKind.Ping),
            ApplyRequest.ReadFile each => to.Kind((byte)RequestKind.ReadFile).Text(each.Path),
            ApplyRequest.WriteFile each => to.Kind((byte)RequestKind.WriteFile)
                .Text(each.Path)
                .Bytes(each.Content)
                .Text(each.Mode)
                .Text(each.Owner),
            ApplyRequest.DeleteFile each => to.Kind((byte)RequestKind.DeleteFile).Text(each.Path),
            ApplyRequest.RunFileCommand { Command: var command } each => to.Kind((byte)RequestKind.RunFileCommand)
                .Kind((byte)command.Kind)
                .Text(command.Path)
                .Text(command.Command)
                .Bytes(command.Candidate)
                .Text(command.Mode)
                .Time(each.Limit),
            ApplyRequest.Propose each => to.Kind((byte)RequestKind.Propose).Bytes(each.ClusterFile),
            ApplyRequest.RunRoleTask { Task: RoleTask.Hook hook } each => Change(to.Kind((byte)RequestKind.RunHook), each.Change)
                .Text(hook.Command),
            ApplyRequest.RunRoleTask { Task: RoleTask.Systemctl ctl } each => Change(to.Kind((byte)RequestKind.RunSystemctl), each.Change)
                .Text(ctl.Verb)
                .Texts(ctl.Units),
            ApplyRequest.RunProbe each => to.Kind((byte)RequestKind.RunProbe).Text(each.Command).Time(each.Limit),
            ApplyRequest.Convert each => to.Kind((byte)RequestKind.Convert).Text(each.ImageHash).Text(each.Revision),
            ApplyRequest.RunRecipe each => to.Kind((byte)RequestKind.RunRecipe)
                .Kind((byte)each.Act)
                .Kind((byte)each.Slot)
                .Kind(each.Unpacking ? (byte)1 : (byte)0),
            ApplyRequest.Stop each => to.Kind((byte)RequestKind.Stop).Number(each.Request.Number),
            _ => throw new InvalidOperationException($"{request} is no request"),
        };
        return to.ToArray();
    }

    /// <summary>An answer as bytes.</summary>
    public static byte[] Encode(ApplyAnswer answer)
    {
        var to = new FieldWriter();
        _ = answer switch
        {
            ApplyAnswer.Ready => to.Kind((byte)AnswerKind.Ready),
            ApplyAnswer.Done => to.Kind((byte)AnswerKind.Done),
            ApplyAnswer.Refused each => to.Kind((byte)AnswerKind.Refused).Text(each.Why).Kind(each.Listed ? (byte)1 : (byte)0),
            ApplyAnswer.File each => to.Kind((byte)AnswerKind.File).Bytes(each.Content).Text(each.Mode).Text(each.Owner),
            ApplyAnswer.Started each => to.Kind((byte)AnswerKind.Started).Number((uint)each.Process),
            ApplyAnswer.Ended each => to.Kind((byte)AnswerKind.Ended).Text(each.Why).Text(each.Output),
            ApplyAnswer.Converted { Said: var said } => to.Kind((byte)AnswerKind.Converted)
                .Number((uint)said.Code)
                .Text(said.Output)
                .Text(said.Errors)
                .Text(said.Failure)
                .Text(said.Remedy),
            _ => throw new InvalidOperationException($"{answer} is no answer"),
        };
        return to.ToArray();
    }

    /// <summary>Reads what <see cref="Encode(ApplyRequest)"/> wrote; false where it is anything else.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out ApplyRequest? request)
    {
        var from = new FieldReader(bytes);
        request = (RequestKind)from.Kind() switch
        {
            RequestKind.Ping => new ApplyRequest.Ping(),
            RequestKind.ReadFile => new ApplyRequest.ReadFile(from.Text()),
            RequestKind.WriteFile => new ApplyRequest.WriteFile(from.Text(), from.Bytes(), from.TextOrNull(), from.TextOrNull()),
            RequestKind.DeleteFile => new ApplyRequest.DeleteFile(from.Text()),
            RequestKind.RunFileCommand => new ApplyRequest.RunFileCommand(
                new FileCommand(from.Kind<FileCommandKind>(), from.Text(), from.Text(), from.BytesOrNull(), from.TextOrNull()),
                from.Time()
            ),
            RequestKind.Propose => new ApplyRequest.Propose(from.Bytes()),
            RequestKind.RunHook => Hook(ref from),
            RequestKind.RunSystemctl => Systemctl(ref from),
            RequestKind.RunProbe => new ApplyRequest.RunProbe(from.Text(), from.Time()),
            RequestKind.Convert => new ApplyRequest.Convert(from.Text(), from.TextOrNull()),
            RequestKind.RunRecipe => new ApplyRequest.RunRecipe(from.Kind<RecipeAct>(), from.Kind<Slot>(), from.Flag()),
            RequestKind.Stop => new ApplyRequest.Stop(new RequestId(from.Number())),
            _ => null,
        };
        request = from.IsWhole ? request : null;
        return request is not null;
    }

    /// <summary>Reads what <see cref="Encode(ApplyAnswer)"/> wrote; false where it is anything else.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out ApplyAnswer? answer)
    {
        var from = new FieldReader(bytes);
        answer = (AnswerKind)from.Kind() switch
        {
            AnswerKind.Ready => new ApplyAnswer.Ready(),
            AnswerKind.Done => new ApplyAnswer.Done(),
            AnswerKind.Refused => new ApplyAnswer.Refused(from.Text(), from.Flag()),
            AnswerKind.File => new ApplyAnswer.File(from.BytesOrNull(), from.TextOrNull(), from.TextOrNull()),
            AnswerKind.Started => new ApplyAnswer.Started((int)from.Number()),
            AnswerKind.Ended => new ApplyAnswer.Ended(from.TextOrNull(), from.Text()),
            AnswerKind.Converted => new ApplyAnswer.Converted(
                new ConverterAnswer((int)from.Number(), from.Text(), from.Text(), from.TextOrNull()) { Remedy = from.TextOrNull() }
            ),
            _ => null,
        };
        answer = from.IsWhole ? answer : null;
        return answer is not null;
    }

    private static FieldWriter Change(FieldWriter to, RoleChange change) =>
        to.Kind((byte)change.Role).Long(change.Epoch).Text(change.Reason);

    private static RoleChange Change(ref FieldReader from) => new(from.Kind<ServiceRole>(), from.Long(), from.Text());

    private static ApplyRequest.RunRoleTask Hook(ref FieldReader from)
    {
        var change = Change(ref from);
        return new ApplyRequest.RunRoleTask(new RoleTask.Hook(change.Word, from.Text()), change);
    }

    private static ApplyRequest.RunRoleTask Systemctl(ref FieldReader from)
    {
        var change = Change(ref from);
        return new ApplyRequest.RunRoleTask(new RoleTask.Systemctl(from.Text(), from.Texts(UnitsMax)), change);
    }
}
