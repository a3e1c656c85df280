using System.Globalization;
using InferenceServer.BackendOverhead;
using InferenceServer.BackendOverhead.Subjects;
using InferenceServer.Testing.Files;

// One backend a process: where a model lies in memory that others have used before costs more than what is measured.
if (args is not [var backend, .. var more] || more.Length > 1)
{
    Console.Error.WriteLine("expected a backend (onnxruntime, pytorch, lightgbm, xgboost or mlnet), and the number of rounds if it is not 15");
    return 1;
}

var rounds = more is [var text] ? int.Parse(text, CultureInfo.InvariantCulture) : 15;
using var folder = new TemporaryDirectory();
var subjects = backend switch
{
    "onnxruntime" => await OnnxSubjects.MakeAsync(folder),
    "pytorch" => await TorchSubjects.MakeAsync(folder),
    "lightgbm" => await TreeSubjects.LightGbmAsync(),
    "xgboost" => await TreeSubjects.XGBoostAsync(),
    "mlnet" => await MLNetSubjects.MakeAsync(),
    _ => throw new ArgumentException($"there is no backend '{backend}' here"),
};

// Backend, model, rows, microseconds of the library alone, microseconds that the backend adds with their quartiles, and these as a part of the former.
foreach (var subject in subjects)
{
    var found = Measurement.Of(subject, rounds);
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"| {subject.Backend} | {subject.Model} | {subject.Rows} | {found.Bare:0.0} | {found.Difference:0.0} ({found.Low:0.0} to {found.High:0.0}) | {100 * found.Difference / found.Bare:0.0} % |"));
}

return 0;
