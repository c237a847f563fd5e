using Hitless.Lab.Commands;

return await LabCommands.InvokeAsync(args);
