using System.Globalization;
using InferenceServer.BackendOverhead;
using InferenceServer.BackendOverhead.Subjects;
using InferenceServer.Testing.Files;

// The number of rounds may be given.
var rounds = args is [var text, ..] ? int.Parse(text, CultureInfo.InvariantCulture) : 15;
using var folder = new TemporaryDirectory();
List<Subject> subjects =
[
    .. await OnnxSubjects.MakeAsync(folder),
    .. await TorchSubjects.MakeAsync(folder),
    .. await TreeSubjects.LightGbmAsync(),
    .. await TreeSubjects.XGBoostAsync(),
    .. await MLNetSubjects.MakeAsync(),
];

Console.WriteLine("| backend | model | rows | library alone, us | backend adds, us (quartiles) | of the library's time |");
Console.WriteLine("|---|---|---|---|---|---|");
foreach (var subject in subjects)
{
    var found = Measurement.Of(subject, rounds);
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"| {subject.Backend} | {subject.Model} | {subject.Rows} | {found.Bare:0.0} | {found.Difference:0.0} ({found.Low:0.0} to {found.High:0.0}) | {100 * found.Difference / found.Bare:0.0} % |"));
}
